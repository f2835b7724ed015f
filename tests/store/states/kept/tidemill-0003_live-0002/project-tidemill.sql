BEGIN TRANSACTION;
CREATE TABLE acts (
	id TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	data TEXT NOT NULL, 
	principal TEXT NOT NULL, 
	nonce TEXT NOT NULL, 
	CONSTRAINT pk_acts PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "acts" VALUES('event_01m8qp40zd3vrnftqsk6b4g5ms',1796091282415536,'run.added','run:run_01m8qp40whm5jsf56836qn115r','{"fields":["code","cost","ended","environment","error","id","key","outputs","owner","params","parent","pipeline","seed","started","status"],"digest":"30a861cff91525d309914d7b7796354ab3b4d2bef1c222b3174d1ad490fdda6d","status":"running"}','','f6e8f14810322ae3f0fc9329708dc25c');
INSERT INTO "acts" VALUES('event_01m8qp41ge391697jvznwpy5hy',1796091282959292,'dataset version.added','dataset:visits@1','{"fields":["created","dataset","digest","generation","ingest","profile","quarantined","rows","run","time_max","time_min","version"],"digest":"f6065e64937073e5e7f1339c7a83597d7861ed990c2792fd302025fb494ed9f7"}','','fb0d9301ae22581682a780ace7a44f87');
INSERT INTO "acts" VALUES('event_01m8qp41ja9dzj90ycqvqaa7ay',1796091283018872,'run.changed','run:run_01m8qp40whm5jsf56836qn115r','{"fields":["code","cost","ended","error","outputs","status"],"digest":"57976527481b9517fe0293ac3c4f2f538a52280bf8a36cfed26fac839724f174","status":"done"}','','9ebbbe54a1db5c5ba0db4ce4cc6c0a58');
INSERT INTO "acts" VALUES('event_01m8qp41q0yt23nk8sng5s75x6',1796091283169041,'run.added','run:run_01m8qp41kg4577mcqvergdsv1v','{"fields":["code","cost","ended","environment","error","id","key","outputs","owner","params","parent","pipeline","seed","started","status"],"digest":"3e87a278a12228d5bd8831a4c03ef9f90d73536f5a68866592b08719a566987b","status":"running"}','','4b53c8a02bb50396e5f66e3ac1bee61e');
INSERT INTO "acts" VALUES('event_01m8qp4dvxzbecjtmzfsynzr9y',1796091295613992,'model.added','model:visits@1','{"fields":["author","bundle","card","created","data","evaluation_bundle","findings","kind","metrics","name","recipe","run","trained_through","version"],"digest":"1c84e78d59decce51211c1fcdaa83dae26ede9e5d99cc07abad132d126e5cd3b"}','','7571b691664a902e0052dfc4ef2f1b54');
INSERT INTO "acts" VALUES('event_01m8qp4dwyz28tvkmbx0tjry3m',1796091295647136,'run.changed','run:run_01m8qp41kg4577mcqvergdsv1v','{"fields":["code","cost","ended","error","outputs","status"],"digest":"af9f795d6f5f8dd77a1bf40cdd50ef2f07336b4ea72e2048f5cc1096345268f3","status":"done"}','','dc142a8465cdee56fb99c16fa3fff455');
INSERT INTO "acts" VALUES('event_01m8qp4dyj4pjgssr62v0jev36',1796091295698608,'run.added','run:run_01m8qp4dxjghrkw1k88zc2pkc2','{"fields":["code","cost","ended","environment","error","id","key","outputs","owner","params","parent","pipeline","seed","started","status"],"digest":"258fc8387363eac84b5eee323fac9cf3be425aad2adc798b66fc241a7bbb09be","status":"running"}','','dbfb53f55c4dd5c1b79c1bf65927e140');
INSERT INTO "acts" VALUES('event_01m8qp4e9dezz3z09gt8jvyj0t',1796091296048829,'token.added','token:token_01m8qp4e8146ym2q86d0jw3jjm','{"fields":["bound","created","expires","hash","id","name","once","principal","scopes"],"digest":"2c110bd2ee96a4971cba1b62a861cdb38b9a7288c8fd037330a1fc9c07be3e76"}','','f6852566bbc0cd7c4ad88f158209bd5d');
INSERT INTO "acts" VALUES('event_01m8qp4k4m2vynqnxcfzq6d9c0',1796091301018283,'token.deleted','token:token_01m8qp4e8146ym2q86d0jw3jjm','{"fields":[],"digest":"08f51c1f66ee5dcd863c5ee289b8806e086e7224179c2daa869328499f024c32"}','','bbe6e161fa7e812111c789563b90b78e');
INSERT INTO "acts" VALUES('event_01m8qp4nkj7cyw6w6mq53j9v4d',1796091303582904,'verdict.added','verdict:verdict_1n5ky096bj9edhr0a3znt8mzx5','{"fields":["at","attestation","blessing","evidence","gate","id","model","passed","verdict"],"digest":"b34a166c4f6daf26b966dd4a50a95f15a10fb9700b22341874f89454aa44e6e8"}','root','57f063ff20001fb31ddb60e3695bb8d2');
INSERT INTO "acts" VALUES('event_01m8qp4nkj87md90stw9cppy52',1796091303582904,'verdict.added','verdict:verdict_0tfz0ndanamvjmd07v2sa3ndgq','{"fields":["at","attestation","blessing","evidence","gate","id","model","passed","verdict"],"digest":"90750e7d7f6f0f22d9366414977a6648d9c55f00e9438d98af6285086783671c"}','root','63c7a40a8a490108508870c486d9f78c');
INSERT INTO "acts" VALUES('event_01m8qp4nkjarrtqs6v6gp7tw2j',1796091303582904,'verdict.added','verdict:verdict_1yhgdxsp3z8jdbq84x25rn20eg','{"fields":["at","attestation","blessing","evidence","gate","id","model","passed","verdict"],"digest":"1cf70f2cc826d5b4e183328aeee94d25997949418102d2beae3775b8cbfaf4a8"}','root','da4880db8bf122242ee2d35d9c56ee2a');
INSERT INTO "acts" VALUES('event_01m8qp4nkjgcj9c43jbtyma38v',1796091303582904,'verdict.added','verdict:verdict_175sa72deztzjd3p5c6bkf013k','{"fields":["at","attestation","blessing","evidence","gate","id","model","passed","verdict"],"digest":"bab115d934f1850708184291af52b17b2169f7e5b35a1b3d3ed2fb8dbc6ee584"}','root','706e118ce15963921ceea4860108be73');
INSERT INTO "acts" VALUES('event_01m8qp4nkkwqbkjve66jev6v8v',1796091303582904,'verdict.added','verdict:verdict_27n50edxs61bjd071z010g3rx4','{"fields":["at","attestation","blessing","evidence","gate","id","model","passed","verdict"],"digest":"1c4416ffe0328b59df92ffd26ec472dce84ce3ccd67af76b083781777a81522c"}','root','1289529b75888942d0dd314855468f28');
INSERT INTO "acts" VALUES('event_01m8qp4nkmnj3abrhbjh8xz9f2',1796091303582904,'release.added','release:release_4a1yzs6kzm2m2syqstqg77q8xz','{"fields":["attestations","author","created","decision","ended","endpoint","environment","evidence","id","model","override","previous","stage","stage_since","stages","started","status"],"digest":"3d21fed548d58e7ffb787b2054e1602eb9456a402c9cd9d426a4b46b930103fa","status":"held"}','root','f992cb90bfca53f23860fba033e34922');
INSERT INTO "acts" VALUES('event_01m8qp4nmsk0jewansxhm44s0w',1796091303582904,'release.changed','release:release_4a1yzs6kzm2m2syqstqg77q8xz','{"fields":["evidence","stage","stage_since","started"],"digest":"a0b8f0ee6997ef9bdaa14201dde20bc57f565aaabf8aa3b110237a397a52ffdd"}','root','8358697e5db6dd75677e22cf4b42887d');
INSERT INTO "acts" VALUES('event_01m8qp4nmyg82t6k4xsajz1qc6',1796091303582904,'release.changed','release:release_4a1yzs6kzm2m2syqstqg77q8xz','{"fields":["ended","previous","stage_since","started","status"],"digest":"21e28f49405964a73adc80f94c5f44a5cef497a442ac5d692b0c111f30d209e8","status":"champion"}','root','be7a0eb6195792cc69c691b5044fb754');
INSERT INTO "acts" VALUES('event_01m8qp4nqj55vg6r30rh7cvd0d',1796091303666699,'run.changed','run:run_01m8qp4dxjghrkw1k88zc2pkc2','{"fields":["code","cost","ended","error","outputs","status"],"digest":"8348459f57588d1f50a8c911fc07830be3ad3e2e3441a726bc2629c2f5ccda2c","status":"done"}','','7342c07a67b50016f2a6d4ce79052e5d');
INSERT INTO "acts" VALUES('event_01m8qp4p0kjvaxdng0739cw5dz',1796091303959363,'run.added','run:run_01m8qp4p07hsgbyzhdhgkv5xha','{"fields":["code","cost","ended","environment","error","id","key","outputs","owner","params","parent","pipeline","seed","started","status"],"digest":"df0508ad7fc9373fd25bf31a0d06c9f8516e0fedb06c672bf575d4d49733036a","status":"running"}','','1fe2cb0b3faafc7b7ff6cb8a748cef59');
INSERT INTO "acts" VALUES('event_01m8qp4p56hpv2tp5r4hqn9zg7',1796091304103462,'dataset version.added','dataset:visits@2','{"fields":["created","dataset","digest","generation","ingest","profile","quarantined","rows","run","time_max","time_min","version"],"digest":"71337f4289f6de8a7d5b9feb524a188556c760ab66c8f2c599c2066cf0f2c8a8"}','','f9b92d698bb03b6e17a3aedbdcd2ed21');
INSERT INTO "acts" VALUES('event_01m8qp4p6fx8g1pfzverpxfrth',1796091304143984,'run.changed','run:run_01m8qp4p07hsgbyzhdhgkv5xha','{"fields":["code","cost","ended","error","outputs","status"],"digest":"0fad33ec9ba758a9621a5059a6c6b29cd580a1f368fab8b5c1d64ba4517775b4","status":"done"}','','b6484931bb6dc562f4a8300ee7507a5a');
INSERT INTO "acts" VALUES('event_01m8qp4p9yk42jweh1k43pzkwk',1796091304255196,'token.added','token:token_01m8qp4p8pbrvnrr0m9f0f9yr1','{"fields":["bound","created","expires","hash","id","name","once","principal","scopes"],"digest":"ad2672faa545f6606c9e080a2abbcce60aa4cc6b6a21ef16d895c4fb2b6c56d2"}','','75250c8fb35634b620978e01553fab6d');
CREATE TABLE alarms (
	id TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	monitor TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	model TEXT, 
	window INTEGER NOT NULL, 
	opened INTEGER NOT NULL, 
	since INTEGER NOT NULL, 
	what TEXT NOT NULL, 
	hurts TEXT NOT NULL, 
	again INTEGER NOT NULL, 
	evidence TEXT NOT NULL, 
	closed INTEGER, 
	ended TEXT NOT NULL, 
	metric TEXT NOT NULL, 
	now REAL, 
	promised REAL, 
	interval TEXT NOT NULL, 
	windows INTEGER, 
	answers INTEGER, 
	subjects INTEGER, 
	blind_below REAL, 
	CONSTRAINT pk_alarms PRIMARY KEY (id)
)
 STRICT

;
CREATE TABLE approvals (
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	rule TEXT NOT NULL, 
	author TEXT NOT NULL, 
	roles TEXT NOT NULL, 
	needed INTEGER NOT NULL, 
	four_eyes INTEGER NOT NULL, 
	asked INTEGER NOT NULL, 
	due INTEGER, 
	status TEXT NOT NULL, 
	inputs TEXT NOT NULL, 
	inputs_digest TEXT NOT NULL, 
	ended INTEGER, 
	environment TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	person TEXT NOT NULL, 
	who TEXT NOT NULL, 
	why TEXT NOT NULL, 
	asks_reason INTEGER NOT NULL, 
	own_key INTEGER NOT NULL, 
	CONSTRAINT pk_approvals PRIMARY KEY (id)
)
 STRICT

;
CREATE TABLE artifacts (
	digest TEXT NOT NULL, 
	codec TEXT NOT NULL, 
	size INTEGER NOT NULL, 
	created INTEGER NOT NULL, 
	CONSTRAINT pk_artifacts PRIMARY KEY (digest)
)
 STRICT

;
INSERT INTO "artifacts" VALUES('sha256:af324db5d94d9c520bb4f76e6a26e8127ba2268b61e5fbc5f69fdd023f25c73e','json',3268,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:086c683b7ea6de8561af15475b7e895a2b2b241902fc4268265ff4c394d909a0','bytes',735,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:892f7b0d739572da6427763464cb9ed53fc7c8d1d9637694e71945b35074a594','json',15898,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:926c9351b76ebe8ae2bd656cf65d53a7825dce85671a6795729b762f5e91d858','json',227,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6','table',15056,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','json',122,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909','json',72,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7','json',2037,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:2e0c5eb78fe2c100d60ff039a8c31c7a29551bae5663eb845e98c412e4c799d4','bytes',120365,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1','bundle',2004,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:bcee50bdd041e2ae6b45e74884c413bbea12c4ec79785f67ede3b4ca73d0bb62','bytes',124601,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9','bundle',2004,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:7bc860e3629dd44064afa6a49d61819269799369bebc1fd57218c73264ef6c82','json',3443,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:8b37f26730e96794d90cd132c01b9a304220c982282f618b36dd61d4a7ab5f1a','arrays',4832,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:37e0034965744fafa714c915f84934a25ed6db88ff045bb64a6e38fbbad924fd','json',36721,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca','report',4196,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:aa7e9fa7888587a6f2f729e21980aed9cde0ef49ca5acac4a3556c09c10788f8','json',16,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:9ae9ae0bdbc247a1055085eb84bd8c2fb99772a8b0578a79d4e35e0c7972adcf','json',2658,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:fcae85c716d0fe92443c02f8dd205575f9095e2db2cb959e33f841a94e1c19ca','bytes',876,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:04ea1363a46b8485820b47ea87c9a029da9a128bf378a24d7164d1830d13183c','bytes',888,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:31bc3f9176fa65db88caf3c16311ad51d9a4e582278d0831e0997ccfa6ac80e1','bytes',936,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:ed6ceb99909e26313f25666382d526b94405f56c0b6669f7c063925068e9b9e6','bytes',2000,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:31b4b1ac1e4a5fca9c3ebd8cfa635724cd75019865479a1eea700890ccb63f89','bytes',1824,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:b8657cc16a06cf8198640d3916c70f80fd54df2ff112ec6b31ddde83c9e7ff9b','bytes',15116,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:acdb1a345331dadc31ce71929b339f71a2882e7e976a33ea8549b5d2ffff3631','bytes',1476,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:d1b33b61e5a8efd24a16d03897a09b7721d53e45d28690c18ce4f3733be3d897','json',36,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:c7c11e490268924b4beba1af6b87db1ffd6a52d21accb07af65bf11fe78438b5','json',15936,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:1ea97e2cb1fabacb1e3eb46cc034d5ab3f33bf001017ee4ad74714cfe6a44db3','json',227,1728604800000000);
CREATE TABLE attempts (
	"key" TEXT NOT NULL, 
	count INTEGER NOT NULL, 
	last INTEGER NOT NULL, 
	until INTEGER NOT NULL, 
	CONSTRAINT pk_attempts PRIMARY KEY ("key")
)
 STRICT

;
CREATE TABLE baselines (
	environment TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	model TEXT NOT NULL, 
	artifact TEXT NOT NULL, 
	made INTEGER NOT NULL, 
	CONSTRAINT pk_baselines PRIMARY KEY (environment, endpoint, model)
)
 STRICT

;
CREATE TABLE comments (
	id TEXT NOT NULL, 
	about TEXT NOT NULL, 
	principal TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	reply_to TEXT NOT NULL, 
	removed INTEGER, 
	who TEXT NOT NULL, 
	mentions TEXT NOT NULL, 
	CONSTRAINT pk_comments PRIMARY KEY (id)
)
 STRICT

;
CREATE TABLE counters (
	name TEXT NOT NULL, 
	value INTEGER NOT NULL, 
	CONSTRAINT pk_counters PRIMARY KEY (name)
)
 STRICT

;
INSERT INTO "counters" VALUES('terms',1796091303952928);
INSERT INTO "counters" VALUES('ledger',26);
INSERT INTO "counters" VALUES('tokens',1796091304254382);
INSERT INTO "counters" VALUES('releases',3);
CREATE TABLE datasets (
	dataset TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	generation INTEGER NOT NULL, 
	digest TEXT NOT NULL, 
	rows INTEGER NOT NULL, 
	quarantined INTEGER NOT NULL, 
	created INTEGER NOT NULL, 
	run TEXT, 
	time_min INTEGER, 
	time_max INTEGER, 
	profile TEXT, 
	ingest TEXT NOT NULL, 
	CONSTRAINT pk_datasets PRIMARY KEY (dataset, version, generation)
)
 STRICT

;
INSERT INTO "datasets" VALUES('visits',1,1,'sha256:3a88c0de5cc009eec1d600e3f689f353a5e1860cd6bf5675b4011afb9377630e',1000,0,1728604800000000,'run_01m8qp40whm5jsf56836qn115r',1725157055000000,1728604759000000,'sha256:892f7b0d739572da6427763464cb9ed53fc7c8d1d9637694e71945b35074a594','ing_1pgarb333ab3qz18rgwk0mwyat');
INSERT INTO "datasets" VALUES('visits',2,1,'sha256:844fa9c1496d1c6ac23fb17b9efc4b70597aec98170a928fcc658f8fdfa9fe3e',1025,0,1728604800000000,'run_01m8qp4p07hsgbyzhdhgkv5xha',1725157055000000,1728604771000000,'sha256:c7c11e490268924b4beba1af6b87db1ffd6a52d21accb07af65bf11fe78438b5','ing_0h1zyq0adwjdy7wq822gxrjgfb');
CREATE TABLE decisions (
	id TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	action TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	code TEXT NOT NULL, 
	evidence TEXT NOT NULL, 
	evidence_digest TEXT NOT NULL, 
	policy TEXT NOT NULL, 
	run TEXT, 
	endpoint TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	CONSTRAINT pk_decisions PRIMARY KEY (id)
)
 STRICT

;
CREATE TABLE edges (
	source TEXT NOT NULL, 
	target TEXT NOT NULL, 
	relation TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	CONSTRAINT pk_edges PRIMARY KEY (source, target, relation)
)
 STRICT

;
INSERT INTO "edges" VALUES('file:sha256:64a56fd26abdf73b5d318c97f91e311f84d60ede4fbd34359aa99321f0dee598','dataset:visits@1','ingested',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:086c683b7ea6de8561af15475b7e895a2b2b241902fc4268265ff4c394d909a0','dataset:visits@1','read',1728604800000000);
INSERT INTO "edges" VALUES('dataset:visits@1','artifact:sha256:892f7b0d739572da6427763464cb9ed53fc7c8d1d9637694e71945b35074a594','wrote',1728604800000000);
INSERT INTO "edges" VALUES('run:run_01m8qp40whm5jsf56836qn115r','dataset:visits@1','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp40whm5jsf56836qn115r/ingest','artifact:sha256:926c9351b76ebe8ae2bd656cf65d53a7825dce85671a6795729b762f5e91d858','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp40whm5jsf56836qn115r/ingest','dataset:visits@1','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp40whm5jsf56836qn115r/ingest','run:run_01m8qp40whm5jsf56836qn115r','part',1728604800000000);
INSERT INTO "edges" VALUES('dataset:visits@1','step:run_01m8qp41kg4577mcqvergdsv1v/features','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp41kg4577mcqvergdsv1v/features','artifact:sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp41kg4577mcqvergdsv1v/features','run:run_01m8qp41kg4577mcqvergdsv1v','part',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6','step:run_01m8qp41kg4577mcqvergdsv1v/split','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp41kg4577mcqvergdsv1v/split','artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp41kg4577mcqvergdsv1v/split','run:run_01m8qp41kg4577mcqvergdsv1v','part',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6','step:run_01m8qp41kg4577mcqvergdsv1v/findings','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','step:run_01m8qp41kg4577mcqvergdsv1v/findings','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp41kg4577mcqvergdsv1v/findings','artifact:sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp41kg4577mcqvergdsv1v/findings','run:run_01m8qp41kg4577mcqvergdsv1v','part',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6','step:run_01m8qp41kg4577mcqvergdsv1v/search','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','step:run_01m8qp41kg4577mcqvergdsv1v/search','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp41kg4577mcqvergdsv1v/search','artifact:sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp41kg4577mcqvergdsv1v/search','run:run_01m8qp41kg4577mcqvergdsv1v','part',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6','step:run_01m8qp41kg4577mcqvergdsv1v/train','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','step:run_01m8qp41kg4577mcqvergdsv1v/train','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7','step:run_01m8qp41kg4577mcqvergdsv1v/train','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp41kg4577mcqvergdsv1v/train','artifact:sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp41kg4577mcqvergdsv1v/train','artifact:sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp41kg4577mcqvergdsv1v/train','run:run_01m8qp41kg4577mcqvergdsv1v','part',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6','step:run_01m8qp41kg4577mcqvergdsv1v/evaluate','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','step:run_01m8qp41kg4577mcqvergdsv1v/evaluate','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1','step:run_01m8qp41kg4577mcqvergdsv1v/evaluate','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp41kg4577mcqvergdsv1v/evaluate','artifact:sha256:7bc860e3629dd44064afa6a49d61819269799369bebc1fd57218c73264ef6c82','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp41kg4577mcqvergdsv1v/evaluate','artifact:sha256:8b37f26730e96794d90cd132c01b9a304220c982282f618b36dd61d4a7ab5f1a','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp41kg4577mcqvergdsv1v/evaluate','artifact:sha256:37e0034965744fafa714c915f84934a25ed6db88ff045bb64a6e38fbbad924fd','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp41kg4577mcqvergdsv1v/evaluate','run:run_01m8qp41kg4577mcqvergdsv1v','part',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','step:run_01m8qp41kg4577mcqvergdsv1v/describe','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909','step:run_01m8qp41kg4577mcqvergdsv1v/describe','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7','step:run_01m8qp41kg4577mcqvergdsv1v/describe','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:7bc860e3629dd44064afa6a49d61819269799369bebc1fd57218c73264ef6c82','step:run_01m8qp41kg4577mcqvergdsv1v/describe','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:37e0034965744fafa714c915f84934a25ed6db88ff045bb64a6e38fbbad924fd','step:run_01m8qp41kg4577mcqvergdsv1v/describe','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp41kg4577mcqvergdsv1v/describe','artifact:sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp41kg4577mcqvergdsv1v/describe','run:run_01m8qp41kg4577mcqvergdsv1v','part',1728604800000000);
INSERT INTO "edges" VALUES('dataset:visits@1','model:visits@1','trained',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9','model:visits@1','wrote',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1','model:visits@1','wrote',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','step:run_01m8qp41kg4577mcqvergdsv1v/register','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909','step:run_01m8qp41kg4577mcqvergdsv1v/register','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7','step:run_01m8qp41kg4577mcqvergdsv1v/register','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:7bc860e3629dd44064afa6a49d61819269799369bebc1fd57218c73264ef6c82','step:run_01m8qp41kg4577mcqvergdsv1v/register','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1','step:run_01m8qp41kg4577mcqvergdsv1v/register','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9','step:run_01m8qp41kg4577mcqvergdsv1v/register','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca','step:run_01m8qp41kg4577mcqvergdsv1v/register','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp41kg4577mcqvergdsv1v/register','artifact:sha256:aa7e9fa7888587a6f2f729e21980aed9cde0ef49ca5acac4a3556c09c10788f8','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp41kg4577mcqvergdsv1v/register','model:visits@1','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp41kg4577mcqvergdsv1v/register','run:run_01m8qp41kg4577mcqvergdsv1v','part',1728604800000000);
INSERT INTO "edges" VALUES('model:visits@1','step:run_01m8qp4dxjghrkw1k88zc2pkc2/judge','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp4dxjghrkw1k88zc2pkc2/judge','artifact:sha256:9ae9ae0bdbc247a1055085eb84bd8c2fb99772a8b0578a79d4e35e0c7972adcf','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp4dxjghrkw1k88zc2pkc2/judge','run:run_01m8qp4dxjghrkw1k88zc2pkc2','part',1728604800000000);
INSERT INTO "edges" VALUES('model:visits@1','release:release_4a1yzs6kzm2m2syqstqg77q8xz','released',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:9ae9ae0bdbc247a1055085eb84bd8c2fb99772a8b0578a79d4e35e0c7972adcf','step:run_01m8qp4dxjghrkw1k88zc2pkc2/start','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp4dxjghrkw1k88zc2pkc2/start','artifact:sha256:d1b33b61e5a8efd24a16d03897a09b7721d53e45d28690c18ce4f3733be3d897','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp4dxjghrkw1k88zc2pkc2/start','release:release_4a1yzs6kzm2m2syqstqg77q8xz','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp4dxjghrkw1k88zc2pkc2/start','run:run_01m8qp4dxjghrkw1k88zc2pkc2','part',1728604800000000);
INSERT INTO "edges" VALUES('file:sha256:e94157c43854ae5f57fba2e3c1ca96ca392049db38094615495586a238694b40','dataset:visits@2','ingested',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:086c683b7ea6de8561af15475b7e895a2b2b241902fc4268265ff4c394d909a0','dataset:visits@2','read',1728604800000000);
INSERT INTO "edges" VALUES('dataset:visits@2','artifact:sha256:c7c11e490268924b4beba1af6b87db1ffd6a52d21accb07af65bf11fe78438b5','wrote',1728604800000000);
INSERT INTO "edges" VALUES('dataset:visits@1','dataset:visits@2','ingested',1728604800000000);
INSERT INTO "edges" VALUES('run:run_01m8qp4p07hsgbyzhdhgkv5xha','dataset:visits@2','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp4p07hsgbyzhdhgkv5xha/ingest','artifact:sha256:1ea97e2cb1fabacb1e3eb46cc034d5ab3f33bf001017ee4ad74714cfe6a44db3','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp4p07hsgbyzhdhgkv5xha/ingest','dataset:visits@2','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8qp4p07hsgbyzhdhgkv5xha/ingest','run:run_01m8qp4p07hsgbyzhdhgkv5xha','part',1728604800000000);
CREATE TABLE events (
	id TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	data TEXT NOT NULL, 
	principal TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	nonce TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_events PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "events" VALUES('evt_4x6s65q03gm3yn8r4ph8ehs49k',1728604800000000,'ingested','dataset:visits@1','{"files":1,"first":"data/visits/a.csv","last":"data/visits/a.csv","rows":1000,"quarantined":0}','',1,'eb97e46981f14c7ca89ed49e51aee467');
INSERT INTO "events" VALUES('event_5yns5173sbh4k14bxyv72crgxj',1728604800000000,'promoted','release:release_4a1yzs6kzm2m2syqstqg77q8xz','{"endpoint":"visits","model":"model:visits@1","previous":null}','root',2,'04570c5c8fc84de2bc81feb167fcbb91');
INSERT INTO "events" VALUES('evt_5nz7ypgnn4qphx3pw5zkfan1z1',1728604800000000,'ingested','dataset:visits@2','{"files":1,"first":"data/visits/b.csv","last":"data/visits/b.csv","rows":25,"quarantined":0}','',3,'fafb8151ece01cd2bd5c91f25a3c9f64');
CREATE TABLE experiments (
	id TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	status TEXT NOT NULL, 
	arms TEXT NOT NULL, 
	models TEXT NOT NULL, 
	share REAL NOT NULL, 
	metric TEXT NOT NULL, 
	margin REAL NOT NULL, 
	effect REAL NOT NULL, 
	alpha REAL NOT NULL, 
	started INTEGER NOT NULL, 
	until INTEGER NOT NULL, 
	author TEXT NOT NULL, 
	"then" TEXT NOT NULL, 
	ended INTEGER, 
	verdict TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	settled TEXT NOT NULL, 
	"plan" TEXT NOT NULL, 
	CONSTRAINT pk_experiments PRIMARY KEY (id)
)
 STRICT

;
CREATE TABLE fences (
	name TEXT NOT NULL, 
	term INTEGER NOT NULL, 
	CONSTRAINT pk_fences PRIMARY KEY (name)
)
 STRICT

;
CREATE TABLE files (
	dataset TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	name TEXT NOT NULL, 
	rows INTEGER NOT NULL, 
	quarantined INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	ingest TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	CONSTRAINT pk_files PRIMARY KEY (dataset, digest)
)
 STRICT

;
INSERT INTO "files" VALUES('visits','sha256:64a56fd26abdf73b5d318c97f91e311f84d60ede4fbd34359aa99321f0dee598','data/visits/a.csv',1000,0,1,'ing_1pgarb333ab3qz18rgwk0mwyat',1728604800000000);
INSERT INTO "files" VALUES('visits','sha256:e94157c43854ae5f57fba2e3c1ca96ca392049db38094615495586a238694b40','data/visits/b.csv',25,0,2,'ing_0h1zyq0adwjdy7wq822gxrjgfb',1728604800000000);
CREATE TABLE jobs (
	id TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	status TEXT NOT NULL, 
	started INTEGER NOT NULL, 
	ended INTEGER, 
	decision TEXT, 
	code TEXT NOT NULL, 
	error TEXT NOT NULL, 
	times INTEGER NOT NULL, 
	CONSTRAINT pk_jobs PRIMARY KEY (id)
)
 STRICT

;
CREATE TABLE leases (
	name TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	expires INTEGER NOT NULL, 
	environment TEXT NOT NULL, 
	term INTEGER NOT NULL, 
	CONSTRAINT pk_leases PRIMARY KEY (name)
)
 STRICT

;
CREATE TABLE ledger (
	seq INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	principal TEXT NOT NULL, 
	act TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	event TEXT NOT NULL, 
	commitment TEXT NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	CONSTRAINT pk_ledger PRIMARY KEY (seq)
)
 STRICT

;
INSERT INTO "ledger" VALUES(1,1796091282415536,'','genesis','events:0','','e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855','0000000000000000000000000000000000000000000000000000000000000000','555bac2861160f9b38aa4fcd72ab584b2f82fbc68dfd29110be4c834e9fab4f0');
INSERT INTO "ledger" VALUES(2,1796091282415536,'','run.added','run:run_01m8qp40whm5jsf56836qn115r','event_01m8qp40zd3vrnftqsk6b4g5ms','66b273d1ad6c8c81109445041d09c6dbec067982d51c6e0e056add802f915054','555bac2861160f9b38aa4fcd72ab584b2f82fbc68dfd29110be4c834e9fab4f0','aedad1ab77a046f5964822940a138a52e5e2d23b041a5492ab31b4056ff28c4f');
INSERT INTO "ledger" VALUES(3,1796091282959292,'','dataset version.added','dataset:visits@1','event_01m8qp41ge391697jvznwpy5hy','7ca624894e9f562fcfb6d223a81ec07c622bf6fbc00e4001b8e502c5ed697c9a','aedad1ab77a046f5964822940a138a52e5e2d23b041a5492ab31b4056ff28c4f','724d23101b36ca9107dc5d9b18f20b5e1296413edfed4f78e3ac698420de9f08');
INSERT INTO "ledger" VALUES(4,1796091282959292,'','ingested','dataset:visits@1','evt_4x6s65q03gm3yn8r4ph8ehs49k','a64514b23f2e244026cc8fcf19415ff4bdb65a1a68ade341326ffb8c44cbbca9','724d23101b36ca9107dc5d9b18f20b5e1296413edfed4f78e3ac698420de9f08','85a213218af7a3615e3c9aa1893f3c7497c51f11ba428cf6a7b70944fdc97161');
INSERT INTO "ledger" VALUES(5,1796091283018872,'','run.changed','run:run_01m8qp40whm5jsf56836qn115r','event_01m8qp41ja9dzj90ycqvqaa7ay','2b4ae57053eef82715ed6f36e69e2c38f6026ea588b3498a057e7503d00a1ae3','85a213218af7a3615e3c9aa1893f3c7497c51f11ba428cf6a7b70944fdc97161','661b91cefde3f61b536e1fa38cf9c61d1ed80e3228738f4e5d320a1d9899c663');
INSERT INTO "ledger" VALUES(6,1796091283169041,'','run.added','run:run_01m8qp41kg4577mcqvergdsv1v','event_01m8qp41q0yt23nk8sng5s75x6','04fe55d2dfc46301e08bb07d0b5987dd2c87a901c38758cc0fa3b945cff3c22a','661b91cefde3f61b536e1fa38cf9c61d1ed80e3228738f4e5d320a1d9899c663','7099b1492c9b21fbbfae0e3ab3807eed828ddbe82bd719f3ba816cae8f81bfae');
INSERT INTO "ledger" VALUES(7,1796091295613992,'','model.added','model:visits@1','event_01m8qp4dvxzbecjtmzfsynzr9y','794607975b17cb2855f6e98ef04d32cafc11de977677d45e39df0a7a95dc188b','7099b1492c9b21fbbfae0e3ab3807eed828ddbe82bd719f3ba816cae8f81bfae','e64b9d5d5ce33cbc709ef382d08f6579fee734776fea9f6647aef69ecc30633c');
INSERT INTO "ledger" VALUES(8,1796091295647136,'','run.changed','run:run_01m8qp41kg4577mcqvergdsv1v','event_01m8qp4dwyz28tvkmbx0tjry3m','377b9d82db383c207132396ca7710f0f459b1b08cfb911388e275982741e25db','e64b9d5d5ce33cbc709ef382d08f6579fee734776fea9f6647aef69ecc30633c','9d91cf2096cab2fe5d589867bebc42510e03bca9140654852f3fd992708c8819');
INSERT INTO "ledger" VALUES(9,1796091295698608,'','run.added','run:run_01m8qp4dxjghrkw1k88zc2pkc2','event_01m8qp4dyj4pjgssr62v0jev36','efe430fed7414d00c57cde8bf2b059095d6e92e887f815c2cbc8f3ff7267f39c','9d91cf2096cab2fe5d589867bebc42510e03bca9140654852f3fd992708c8819','398770add740bdb3b589a8806c3a2538af802333dc545cfcb746dc650b994622');
INSERT INTO "ledger" VALUES(10,1796091296048829,'','token.added','token:token_01m8qp4e8146ym2q86d0jw3jjm','event_01m8qp4e9dezz3z09gt8jvyj0t','b703ee2e56acd4d50bc990ce200e77fb91c89fda0913bbd18bd97c4de37e266c','398770add740bdb3b589a8806c3a2538af802333dc545cfcb746dc650b994622','c8ad7bd90a878e06add3d0d5e265c3eb918de2231e94aa28711f8cb7fc13f76f');
INSERT INTO "ledger" VALUES(11,1796091301018283,'','token.deleted','token:token_01m8qp4e8146ym2q86d0jw3jjm','event_01m8qp4k4m2vynqnxcfzq6d9c0','ff1852ccadd85dcad84f7f9f8ad6fd228f55ef5a6a800781692c980f9f3b659f','c8ad7bd90a878e06add3d0d5e265c3eb918de2231e94aa28711f8cb7fc13f76f','9f6105d79b4711f715542d36d49e82d99e880655994ef71d25cdf50840285461');
INSERT INTO "ledger" VALUES(12,1796091303582904,'-','verdict.added','verdict:verdict_1n5ky096bj9edhr0a3znt8mzx5','event_01m8qp4nkj7cyw6w6mq53j9v4d','dc19a6a9227d745617e55b7d7981a31504a84e1461b3876d4218ba1e8bae4c7f','9f6105d79b4711f715542d36d49e82d99e880655994ef71d25cdf50840285461','eba7e5726c3a9631c17dcbba954c455ef015b5036cb0e107e24bc6de26a2b9bb');
INSERT INTO "ledger" VALUES(13,1796091303582904,'-','verdict.added','verdict:verdict_0tfz0ndanamvjmd07v2sa3ndgq','event_01m8qp4nkj87md90stw9cppy52','42f382456e48f5d09d5683b4adb289e78e467ba1dfe1a8805c8188e0e51b0465','eba7e5726c3a9631c17dcbba954c455ef015b5036cb0e107e24bc6de26a2b9bb','6ce6a1d9b2031b952d9c88842e69241c6145d08b79b8d7e9f8b9a65910ad9be3');
INSERT INTO "ledger" VALUES(14,1796091303582904,'-','verdict.added','verdict:verdict_1yhgdxsp3z8jdbq84x25rn20eg','event_01m8qp4nkjarrtqs6v6gp7tw2j','bea764cefda557aee840148d37465616e90cf6e47a070e54269dff7978b97538','6ce6a1d9b2031b952d9c88842e69241c6145d08b79b8d7e9f8b9a65910ad9be3','ac51814b698e198d894f0a8c759461e58480ab16a4cac09e2dac245fd71d8e2e');
INSERT INTO "ledger" VALUES(15,1796091303582904,'-','verdict.added','verdict:verdict_175sa72deztzjd3p5c6bkf013k','event_01m8qp4nkjgcj9c43jbtyma38v','8af2d2069a3e554098b0313089b71755ae8ecc8e52127b7310d643bacd7d24cd','ac51814b698e198d894f0a8c759461e58480ab16a4cac09e2dac245fd71d8e2e','e65cd92b36118ff93b5962486694708a24a0cdf5712b0e21931c815c9ef52c5b');
INSERT INTO "ledger" VALUES(16,1796091303582904,'-','verdict.added','verdict:verdict_27n50edxs61bjd071z010g3rx4','event_01m8qp4nkkwqbkjve66jev6v8v','b7210f8a023706936cd346f527ff9c7f008719468b64b89db44993877f38815e','e65cd92b36118ff93b5962486694708a24a0cdf5712b0e21931c815c9ef52c5b','f6c825b3c63cfb59f0d993010e54cd36a8dffe6ba6a8fbd1f8214b4af1d2a0d9');
INSERT INTO "ledger" VALUES(17,1796091303582904,'-','release.added','release:release_4a1yzs6kzm2m2syqstqg77q8xz','event_01m8qp4nkmnj3abrhbjh8xz9f2','9e142e2fdbf3fee48c67868d50d14ffac0508e291822a70f139fade3aed55989','f6c825b3c63cfb59f0d993010e54cd36a8dffe6ba6a8fbd1f8214b4af1d2a0d9','48e3863c5750c83b47aecc473007447e15688310508952ec2c2c4633df3305d0');
INSERT INTO "ledger" VALUES(18,1796091303582904,'-','release.changed','release:release_4a1yzs6kzm2m2syqstqg77q8xz','event_01m8qp4nmsk0jewansxhm44s0w','955800576d75abda4a5970848887028bc5c8126beccd8aa7dd256b5b22c74647','48e3863c5750c83b47aecc473007447e15688310508952ec2c2c4633df3305d0','e449b49c3b79f9c51e208e2f7c5a453f83166f9c2ffb5067d8a4722a14d6cbff');
INSERT INTO "ledger" VALUES(19,1796091303582904,'-','release.changed','release:release_4a1yzs6kzm2m2syqstqg77q8xz','event_01m8qp4nmyg82t6k4xsajz1qc6','0ca542b64074ec073636f66d3bf7974ae1572b850e011934d030e2a23b8d02e9','e449b49c3b79f9c51e208e2f7c5a453f83166f9c2ffb5067d8a4722a14d6cbff','91ac325b310ac0d8b74bc0fd99bd0e6a10b7215610821204c81bf360892e96ab');
INSERT INTO "ledger" VALUES(20,1796091303582904,'-','promoted','release:release_4a1yzs6kzm2m2syqstqg77q8xz','event_5yns5173sbh4k14bxyv72crgxj','470ee760afb268c037c230a8b55fcfdf264ca37b3cc89d152059f2464d1bc0cf','91ac325b310ac0d8b74bc0fd99bd0e6a10b7215610821204c81bf360892e96ab','b5a0934a40b27c383391144a156da6f77d0bd06675e6980c4c658911fcdaba1b');
INSERT INTO "ledger" VALUES(21,1796091303666699,'','run.changed','run:run_01m8qp4dxjghrkw1k88zc2pkc2','event_01m8qp4nqj55vg6r30rh7cvd0d','260f02b18ab70de5c024b892aa238db2bd743d1d3b6838500482b86ab9fb4c50','b5a0934a40b27c383391144a156da6f77d0bd06675e6980c4c658911fcdaba1b','48dd0031381da52f099ac62de66e4890a0094bbfa1cb0e8e39b7f624ba4e6166');
INSERT INTO "ledger" VALUES(22,1796091303959363,'','run.added','run:run_01m8qp4p07hsgbyzhdhgkv5xha','event_01m8qp4p0kjvaxdng0739cw5dz','75690fddbddcbbab20ac3da011563b283d34387d181e739cedd2e2e3bd1f51e0','48dd0031381da52f099ac62de66e4890a0094bbfa1cb0e8e39b7f624ba4e6166','982d342771244830e2cb0f63a3e9554f9b6418cc6ca671f26c6d63b8fb78ff98');
INSERT INTO "ledger" VALUES(23,1796091304103462,'','dataset version.added','dataset:visits@2','event_01m8qp4p56hpv2tp5r4hqn9zg7','8feec6c97963f757f2e387f48af6bddfc7312ac9c95a913663b0d435d9da4d9c','982d342771244830e2cb0f63a3e9554f9b6418cc6ca671f26c6d63b8fb78ff98','657de4c2ca2fe4fd5400b2fba054044b6227f7e59a6a26997e144a8d5125f258');
INSERT INTO "ledger" VALUES(24,1796091304103462,'','ingested','dataset:visits@2','evt_5nz7ypgnn4qphx3pw5zkfan1z1','f2796f360927bc857946b68775a09df373e73816adc54edcdea50c696f414734','657de4c2ca2fe4fd5400b2fba054044b6227f7e59a6a26997e144a8d5125f258','3a5dcb34a45661c28515e3895685fc32b89f1e444e358806871805812324834a');
INSERT INTO "ledger" VALUES(25,1796091304143984,'','run.changed','run:run_01m8qp4p07hsgbyzhdhgkv5xha','event_01m8qp4p6fx8g1pfzverpxfrth','a2945ec7568f9ee903c46e2c2bd661d4b4103af35dd252a9c6bcd1eaae83afc5','3a5dcb34a45661c28515e3895685fc32b89f1e444e358806871805812324834a','8cf5e56dcd48cfe61bdb451b69e752b5a603fbe9577e1fed6ca645134b002a89');
INSERT INTO "ledger" VALUES(26,1796091304255196,'','token.added','token:token_01m8qp4p8pbrvnrr0m9f0f9yr1','event_01m8qp4p9yk42jweh1k43pzkwk','93fb34a626580cbe8684af4e091d2b5b46d1db9e7eeeaa914f3e0082facf8169','8cf5e56dcd48cfe61bdb451b69e752b5a603fbe9577e1fed6ca645134b002a89','16af4882b7d1203d8265d8107963b11f844903893a89f10f9334fe3ac771049d');
CREATE TABLE ledger_heads (
	size INTEGER NOT NULL, 
	root TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	envelope TEXT NOT NULL, 
	anchors TEXT NOT NULL, 
	CONSTRAINT pk_ledger_heads PRIMARY KEY (size)
)
 STRICT

;
CREATE TABLE logins (
	id TEXT NOT NULL, 
	browser TEXT NOT NULL, 
	sealed TEXT NOT NULL, 
	origin TEXT NOT NULL, 
	started INTEGER NOT NULL, 
	expires INTEGER NOT NULL, 
	CONSTRAINT pk_logins PRIMARY KEY (id)
)
 STRICT

;
CREATE TABLE models (
	name TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	bundle TEXT NOT NULL, 
	evaluation_bundle TEXT NOT NULL, 
	recipe TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	metrics TEXT NOT NULL, 
	data TEXT NOT NULL, 
	trained_through INTEGER NOT NULL, 
	run TEXT, 
	author TEXT NOT NULL, 
	card TEXT, 
	created INTEGER NOT NULL, 
	findings TEXT NOT NULL, 
	CONSTRAINT pk_models PRIMARY KEY (name, version)
)
 STRICT

;
INSERT INTO "models" VALUES('visits',1,'sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9','sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1','{"bagging_fraction":0.9,"extra_trees":false,"feature_fraction":0.8,"lambda_l2":1.0,"learning_rate":0.05,"method":"trees","min_data_in_leaf":7,"min_data_per_group":25,"num_iterations":71,"num_leaves":31,"task":"classify"}','first','{"above":{"constant":{"auc":{"error":0.011040612289178011,"high":0.49253292918316116,"low":0.4489747814505876,"mean":0.472716718266254,"power":"with 250 requests of 10 units a difference of 0.0309 would be seen in 4 of 5 comparisons","units":10,"visible":0.030931216188277492},"cost":{"error":0.025678842370183596,"high":-0.384,"low":-0.484,"mean":-0.432,"power":"with 250 requests of 10 units a difference of 0.0719 would be seen in 4 of 5 comparisons","units":10,"visible":0.07194146520255933},"log_loss":{"error":0.025161362677955063,"high":-0.5008397490982959,"low":-0.601966301692023,"mean":-0.5536945722322312,"power":"with 250 requests of 10 units a difference of 0.0705 would be seen in 4 of 5 comparisons","units":10,"visible":0.07049170174613822},"pr_auc":{"error":0.030969532718536277,"high":0.47354266564707076,"low":0.3511479669724533,"mean":0.4128059711260547,"power":"with 250 requests of 10 units a difference of 0.0868 would be seen in 4 of 5 comparisons","units":10,"visible":0.08676378507611715}},"linear":{"auc":{"error":0.0070077107881110915,"high":0.021307097103207714,"low":-0.006758284556014546,"mean":0.0070949432404541,"power":"with 250 requests of 10 units a difference of 0.0196 would be seen in 4 of 5 comparisons","units":10,"visible":0.01963269895678281},"cost":{"error":0.00576389583941485,"high":0.0,"low":-0.024,"mean":-0.012,"power":"with 250 requests of 10 units a difference of 0.0161 would be seen in 4 of 5 comparisons","units":10,"visible":0.01614804538244748},"log_loss":{"error":0.022235829409060444,"high":-0.05041121335990416,"low":-0.13605951122296012,"mean":-0.09099200128432301,"power":"with 250 requests of 10 units a difference of 0.0623 would be seen in 4 of 5 comparisons","units":10,"visible":0.06229557098490535},"pr_auc":{"error":0.03188342832056706,"high":0.08603459258542623,"low":-0.04089636920035294,"mean":0.021766139285159258,"power":"with 250 requests of 10 units a difference of 0.0893 would be seen in 4 of 5 comparisons","units":10,"visible":0.08932414148566503}}},"auc":[0.9727167182662538,0.9488761797652098,0.9925500874226224],"baselines":{"constant":{"auc":[0.5,0.5,0.5],"cold":{"n":0},"cost":[0.456,0.416,0.5],"log_loss":[0.6894989744591565,0.6841577187541754,0.6953743557346354],"n":250,"pr_auc":[0.544,0.5,0.584],"units":10,"warm":{"auc":[0.5,0.5,0.5],"cost":[0.456,0.416,0.5],"log_loss":[0.6894989744591565,0.6841577187541754,0.6953743557346354],"n":250,"pr_auc":[0.544,0.5,0.584]}},"linear":{"auc":[0.9656217750257999,0.9374821958709547,0.9898606551134046],"cold":{"n":0},"cost":[0.036,0.016,0.056],"log_loss":[0.2267964035112483,0.14430130623063558,0.31868544395758513],"n":250,"pr_auc":[0.9350398318408956,0.8781822571505437,0.9789485452217126],"units":10,"warm":{"auc":[0.9656217750257999,0.9374821958709547,0.9898606551134046],"cost":[0.036,0.016,0.056],"log_loss":[0.2267964035112483,0.14430130623063558,0.31868544395758513],"n":250,"pr_auc":[0.9350398318408956,0.8781822571505437,0.9789485452217126]}}},"caps":{},"cold":{"n":0},"cost":[0.024,0.008,0.044],"log_loss":[0.13580440222692527,0.09107161973905042,0.18676875978824012],"n":250,"pr_auc":[0.9568059711260546,0.9033915604897533,0.9928441171435628],"units":10,"warm":{"auc":[0.972716718266254,0.9489747814505877,0.9925329291831612],"cost":[0.024,0.008,0.044],"log_loss":[0.13580440222692527,0.09107161973905042,0.18676875978824012],"n":250,"pr_auc":[0.9568059711260546,0.9033915604897533,0.9928441171435628]}}','["dataset:visits@1"]',1728604759000001,'run_01m8qp41kg4577mcqvergdsv1v','','sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca',1728604800000000,'{"rows":750,"columns":5,"found":[],"answer":"share with came_back true"}');
CREATE TABLE passwords (
	principal TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	changed INTEGER NOT NULL, 
	must_change INTEGER NOT NULL, 
	CONSTRAINT pk_passwords PRIMARY KEY (principal)
)
 STRICT

;
CREATE TABLE principals (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	roles TEXT NOT NULL, 
	created INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	display TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	issuer TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	key_envelope TEXT NOT NULL, 
	disabled INTEGER, 
	CONSTRAINT pk_principals PRIMARY KEY (id)
)
 STRICT

;
CREATE TABLE releases (
	id TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	model TEXT NOT NULL, 
	status TEXT NOT NULL, 
	stages TEXT NOT NULL, 
	stage INTEGER NOT NULL, 
	stage_since INTEGER NOT NULL, 
	created INTEGER NOT NULL, 
	started INTEGER, 
	ended INTEGER, 
	previous TEXT, 
	override TEXT, 
	attestations TEXT NOT NULL, 
	decision TEXT, 
	author TEXT NOT NULL, 
	evidence TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	CONSTRAINT pk_releases PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "releases" VALUES('release_4a1yzs6kzm2m2syqstqg77q8xz','visits','model:visits@1','champion','[{"share":1.0,"span":0,"requests":0}]',0,1728604800000000,1728604800000000,1728604800000000,NULL,NULL,NULL,'["sha256:fcae85c716d0fe92443c02f8dd205575f9095e2db2cb959e33f841a94e1c19ca","sha256:04ea1363a46b8485820b47ea87c9a029da9a128bf378a24d7164d1830d13183c","sha256:31bc3f9176fa65db88caf3c16311ad51d9a4e582278d0831e0997ccfa6ac80e1","sha256:ed6ceb99909e26313f25666382d526b94405f56c0b6669f7c063925068e9b9e6","sha256:31b4b1ac1e4a5fca9c3ebd8cfa635724cd75019865479a1eea700890ccb63f89","sha256:b8657cc16a06cf8198640d3916c70f80fd54df2ff112ec6b31ddde83c9e7ff9b","sha256:acdb1a345331dadc31ce71929b339f71a2882e7e976a33ea8549b5d2ffff3631"]',NULL,'root','{"blessings":{"infrastructure":"blessed","quality":"blessed"},"refused":[],"approved":null,"rejected":null,"stages":[],"waits_in":null,"damaged":"","shadow":null,"mirror":null,"bake_until":null,"bake":null,"halted":null,"rolled_back":null,"waits":[],"paused":null,"pauses":[],"uncounted":0,"failed_before":0,"watch":null,"no_way_back":null,"saw":null}','');
CREATE TABLE runs (
	id TEXT NOT NULL, 
	pipeline TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	status TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	started INTEGER NOT NULL, 
	ended INTEGER, 
	parent TEXT, 
	params TEXT NOT NULL, 
	seed INTEGER NOT NULL, 
	code TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	cost TEXT NOT NULL, 
	outputs TEXT NOT NULL, 
	error TEXT, 
	CONSTRAINT pk_runs PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "runs" VALUES('run_01m8qp40whm5jsf56836qn115r','data','sha256:72f74a3ba771fc1245fad9d766874ff9dc43270d95d6bd9c1395aa798cd9c7d4','done','host:21592:473279:9eb22c5f-e54f-4026531836:1',1728604800000000,1728604800000000,NULL,'{"dataset":"visits"}',0,'{}','{"python":"3.11.7","implementation":"cpython","system":"Linux 6.1.0 x86_64","host":"host","cores":2,"threads":{},"pins":"sha256:af324db5d94d9c520bb4f76e6a26e8127ba2268b61e5fbc5f69fdd023f25c73e"}','{"cpu_s":0.09801902799999995,"wall_s":0.6938806239995756}','{"version":"sha256:926c9351b76ebe8ae2bd656cf65d53a7825dce85671a6795729b762f5e91d858"}',NULL);
INSERT INTO "runs" VALUES('run_01m8qp41kg4577mcqvergdsv1v','model','sha256:b6f170cdc6e0f7f72dc1be37e3b9929f56e88d8bf2d51c0ce8e33dfcc62875fa','done','host:21592:473279:9eb22c5f-e54f-4026531836:2',1728604800000000,1728604800000000,NULL,'{"name":"visits","purpose":"","goal":"","data":["dataset:visits@1"],"timeless":[],"label":"","test":{"by":"time","test":"10 days"},"gap":0,"settings":{"task":"classify","metric":"log_loss","train":null,"trials":1,"budget":null,"details":{"columns":[{"name":"pages","kind":"number","source":"pages","required":false,"categories":[],"column":{"name":"pages","kind":"integer","minimum":0.0},"embedding":null,"place":0},{"name":"spent","kind":"number","source":"spent","required":false,"categories":[],"column":{"name":"spent","kind":"number"},"embedding":null,"place":0},{"name":"member","kind":"category","source":"member","required":false,"categories":[],"column":{"name":"member","kind":"boolean"},"embedding":null,"place":0},{"name":"country","kind":"category","source":"country","required":false,"categories":[],"column":{"name":"country","kind":"string"},"embedding":null,"place":0},{"name":"site","kind":"category","source":"site","required":false,"categories":[],"column":{"name":"site","kind":"string"},"embedding":null,"place":0},{"name":"hour","kind":"hour","source":"ts","required":true,"categories":[],"column":{"name":"ts","kind":"timestamp","required":true,"role":"time"},"embedding":null,"place":0}],"roles":{},"unit":"days","limits":[null,null],"timed":true,"subject":null,"target":"came_back"},"only":null},"incumbent":null,"champion":null,"asked":{},"author":"","ruled":""}',0,'{}','{"python":"3.11.7","implementation":"cpython","system":"Linux 6.1.0 x86_64","host":"host","cores":2,"threads":{},"pins":"sha256:af324db5d94d9c520bb4f76e6a26e8127ba2268b61e5fbc5f69fdd023f25c73e"}','{"cpu_s":2.3194432380000003,"wall_s":12.565680918999533}','{"model":"sha256:aa7e9fa7888587a6f2f729e21980aed9cde0ef49ca5acac4a3556c09c10788f8","metrics":"sha256:7bc860e3629dd44064afa6a49d61819269799369bebc1fd57218c73264ef6c82","examined":"sha256:37e0034965744fafa714c915f84934a25ed6db88ff045bb64a6e38fbbad924fd","search":"sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7","card":"sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca"}',NULL);
INSERT INTO "runs" VALUES('run_01m8qp4dxjghrkw1k88zc2pkc2','release','sha256:f9cd84247ccb053a32922462e8c03665bfb0ffcd1754c5ae4aa08a904e877669','done','host:21592:473279:9eb22c5f-e54f-4026531836:3',1728604800000000,1728604800000000,NULL,'{"endpoint":"visits","model":"model:visits@1","attempt":0,"override":null,"author":"root","decision":null,"environment":""}',0,'{}','{"python":"3.11.7","implementation":"cpython","system":"Linux 6.1.0 x86_64","host":"host","cores":2,"threads":{},"pins":"sha256:af324db5d94d9c520bb4f76e6a26e8127ba2268b61e5fbc5f69fdd023f25c73e"}','{"cpu_s":1.5589655810000007,"wall_s":7.976991507000093}','{"release":"sha256:d1b33b61e5a8efd24a16d03897a09b7721d53e45d28690c18ce4f3733be3d897"}',NULL);
INSERT INTO "runs" VALUES('run_01m8qp4p07hsgbyzhdhgkv5xha','data','sha256:72f74a3ba771fc1245fad9d766874ff9dc43270d95d6bd9c1395aa798cd9c7d4','done','host:21592:473279:9eb22c5f-e54f-4026531836:4',1728604800000000,1728604800000000,NULL,'{"dataset":"visits"}',0,'{}','{"python":"3.11.7","implementation":"cpython","system":"Linux 6.1.0 x86_64","host":"host","cores":2,"threads":{},"pins":"sha256:af324db5d94d9c520bb4f76e6a26e8127ba2268b61e5fbc5f69fdd023f25c73e"}','{"cpu_s":0.06442273500000084,"wall_s":0.19743105300040042}','{"version":"sha256:1ea97e2cb1fabacb1e3eb46cc034d5ab3f33bf001017ee4ad74714cfe6a44db3"}',NULL);
CREATE TABLE scorers (
	id TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	host TEXT NOT NULL, 
	address TEXT NOT NULL, 
	pid INTEGER NOT NULL, 
	since INTEGER NOT NULL, 
	beat INTEGER NOT NULL, 
	expires INTEGER NOT NULL, 
	releases INTEGER NOT NULL, 
	tokens INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	endpoints TEXT NOT NULL, 
	CONSTRAINT pk_scorers PRIMARY KEY (id)
)
 STRICT

;
CREATE TABLE serving_failures (
	release TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	count INTEGER NOT NULL, 
	CONSTRAINT pk_serving_failures PRIMARY KEY (release)
)
 STRICT

;
CREATE TABLE settings (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_settings PRIMARY KEY (name)
)
 STRICT

;
INSERT INTO "settings" VALUES('live','true');
INSERT INTO "settings" VALUES('project_id','"project_01m8qp3wjdjc97qj3nycr89fd1"');
INSERT INTO "settings" VALUES('stores','{"artifacts":"","tables":""}');
INSERT INTO "settings" VALUES('mode','"replay"');
INSERT INTO "settings" VALUES('clock','1728604800000000');
INSERT INTO "settings" VALUES('told:visits','{"contract":"sha256:086c683b7ea6de8561af15475b7e895a2b2b241902fc4268265ff4c394d909a0/came_back","at":1728604800000000,"version":2}');
INSERT INTO "settings" VALUES('gate_key','"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAeexO/xzu3FpkZLapROglbkwNQBSAhb35ejeN+/wvFzk=\n-----END PUBLIC KEY-----\n"');
INSERT INTO "settings" VALUES('approval_key','"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAkI5Na1b9M5BjkuXgLhK3/KTD53v4SF+rRZjeoSbtukQ=\n-----END PUBLIC KEY-----\n"');
CREATE TABLE settlements (
	id TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	what TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	model TEXT NOT NULL, 
	other TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	"when" INTEGER NOT NULL, 
	metric TEXT NOT NULL, 
	settled TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	expected REAL, 
	came REAL, 
	interval TEXT NOT NULL, 
	requests INTEGER NOT NULL, 
	subjects INTEGER NOT NULL, 
	CONSTRAINT pk_settlements PRIMARY KEY (id)
)
 STRICT

;
CREATE TABLE steps (
	run TEXT NOT NULL, 
	name TEXT NOT NULL, 
	status TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	"after" TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	fingerprint_inputs TEXT NOT NULL, 
	inputs TEXT NOT NULL, 
	outputs TEXT NOT NULL, 
	impure TEXT NOT NULL, 
	attempt INTEGER NOT NULL, 
	started INTEGER, 
	ended INTEGER, 
	cpu_us INTEGER NOT NULL, 
	error TEXT, 
	CONSTRAINT pk_steps PRIMARY KEY (run, name), 
	CONSTRAINT fk_steps_run FOREIGN KEY(run) REFERENCES runs (id) ON DELETE CASCADE
)
 STRICT

;
INSERT INTO "steps" VALUES('run_01m8qp40whm5jsf56836qn115r','ingest','done',0,'[]','sha256:b688ca29e01d76458abd0377e29c4b53ef0231f69ab24da02d8162c0a28aed16','{"source":{"tidemill.data.pipeline:take_files":"sha256:ca2199d8b38eef0ca489f02f095701825cef2a34513fa44b50df5a6fa3cf9c1d"},"params":{"dataset":"visits"},"inputs":{},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0}','{}','{"result":{"digest":"sha256:926c9351b76ebe8ae2bd656cf65d53a7825dce85671a6795729b762f5e91d858","codec":"json","bytes":227}}','["declared: files come and go by themselves","resource project","resource ingest","reads .tidemill/tables"]',1,1728604800000000,1728604800000000,82190,NULL);
INSERT INTO "steps" VALUES('run_01m8qp41kg4577mcqvergdsv1v','features','done',0,'[]','sha256:b441e2684ef98397ddb0328141d347ea693fd3b360c667d0eb07b25f05348da8','{"source":{"tidemill.model.pipeline:features":"sha256:c73b30b8b5477383baf8e898c7c44d44049fa74df63b865130caac8c704f15c2"},"params":{"name":"visits","data":["dataset:visits@1"]},"inputs":{},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0,"version":{"data":[{"digest":"sha256:3a88c0de5cc009eec1d600e3f689f353a5e1860cd6bf5675b4011afb9377630e","came":["1728604800000000"],"contract":"sha256:086c683b7ea6de8561af15475b7e895a2b2b241902fc4268265ff4c394d909a0"}],"inputs":["(View(name=''calendar'', entity=None, time=''ts'', value=None, features=(Feature(name=''hour'', op=''hour'', by=None, column=None, half_life=None, window=None, process=None, folder='''', ago=0),)),)","()","(''visit'', ''ts'', ''came_back'', ''pages'', ''spent'', ''member'', ''country'', ''site'')"],"task":"classify"}}','{}','{"result":{"digest":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","codec":"table","bytes":15056}}','["resource project","reads contracts/visits.yaml"]',1,1728604800000000,1728604800000000,6943,NULL);
INSERT INTO "steps" VALUES('run_01m8qp41kg4577mcqvergdsv1v','split','done',1,'["features"]','sha256:3e8926c742fe087267af3f9d6c7128827440339ff649b8d95bf040447bf27410','{"source":{"tidemill.model.pipeline:split":"sha256:5934723808a5ec69f71034a1f4defdb4280106f7ebde151432c384f129e750b1"},"params":{"rows":{"$input":"rows"},"test":{"by":"time","test":"10 days"},"gap":0},"inputs":{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6"},"libraries":{"msgspec":"0.22.0","tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[]}','{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6"}','{"result":{"digest":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","codec":"json","bytes":122}}','[]',1,1728604800000000,1728604800000000,3591,NULL);
INSERT INTO "steps" VALUES('run_01m8qp41kg4577mcqvergdsv1v','findings','done',2,'["features","split"]','sha256:52ca8497046722bb21907cb6592876ba3423261006025125647d69d183c4c219','{"source":{"tidemill.model.pipeline:findings":"sha256:e9a896d1183eac097b0f9a507f6376ac89614129903c10ddac24e8adfcf4a37f"},"params":{"rows":{"$input":"rows"},"cut":{"$input":"cut"},"settings":{"task":"classify","metric":"log_loss","train":null,"trials":1,"budget":null,"details":{"columns":[{"name":"pages","kind":"number","source":"pages","required":false,"categories":[],"column":{"name":"pages","kind":"integer","minimum":0.0},"embedding":null,"place":0},{"name":"spent","kind":"number","source":"spent","required":false,"categories":[],"column":{"name":"spent","kind":"number"},"embedding":null,"place":0},{"name":"member","kind":"category","source":"member","required":false,"categories":[],"column":{"name":"member","kind":"boolean"},"embedding":null,"place":0},{"name":"country","kind":"category","source":"country","required":false,"categories":[],"column":{"name":"country","kind":"string"},"embedding":null,"place":0},{"name":"site","kind":"category","source":"site","required":false,"categories":[],"column":{"name":"site","kind":"string"},"embedding":null,"place":0},{"name":"hour","kind":"hour","source":"ts","required":true,"categories":[],"column":{"name":"ts","kind":"timestamp","required":true,"role":"time"},"embedding":null,"place":0}],"roles":{},"unit":"days","limits":[null,null],"timed":true,"subject":null,"target":"came_back"},"only":null}},"inputs":{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217"},"libraries":{"msgspec":"0.22.0","tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"version":"1"}','{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217"}','{"result":{"digest":"sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909","codec":"json","bytes":72}}','[]',1,1728604800000000,1728604800000000,1425129,NULL);
INSERT INTO "steps" VALUES('run_01m8qp41kg4577mcqvergdsv1v','search','done',3,'["features","split"]','sha256:06a8c56a2873833f686e60b8e0006ead7db013831f38dc30f2f98043bb530e8a','{"source":{"tidemill.model.pipeline:search":"sha256:8b47e7710914251338040fbf0a355db2b5688e39be470936c132f7d90879afa4","tidemill.model.pipeline:BASELINE":"sha256:741d690b3f02473b788b5d233e2f0375bc9f5ddd64d1ea88445035e838fb429a"},"params":{"rows":{"$input":"rows"},"cut":{"$input":"cut"},"settings":{"task":"classify","metric":"log_loss","train":null,"trials":1,"budget":null,"details":{"columns":[{"name":"pages","kind":"number","source":"pages","required":false,"categories":[],"column":{"name":"pages","kind":"integer","minimum":0.0},"embedding":null,"place":0},{"name":"spent","kind":"number","source":"spent","required":false,"categories":[],"column":{"name":"spent","kind":"number"},"embedding":null,"place":0},{"name":"member","kind":"category","source":"member","required":false,"categories":[],"column":{"name":"member","kind":"boolean"},"embedding":null,"place":0},{"name":"country","kind":"category","source":"country","required":false,"categories":[],"column":{"name":"country","kind":"string"},"embedding":null,"place":0},{"name":"site","kind":"category","source":"site","required":false,"categories":[],"column":{"name":"site","kind":"string"},"embedding":null,"place":0},{"name":"hour","kind":"hour","source":"ts","required":true,"categories":[],"column":{"name":"ts","kind":"timestamp","required":true,"role":"time"},"embedding":null,"place":0}],"roles":{},"unit":"days","limits":[null,null],"timed":true,"subject":null,"target":"came_back"},"only":null},"incumbent":null},"inputs":{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217"},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0,"version":"1"}','{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217"}','{"result":{"digest":"sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7","codec":"json","bytes":2037}}','[]',1,1728604800000000,1728604800000000,319771,NULL);
INSERT INTO "steps" VALUES('run_01m8qp41kg4577mcqvergdsv1v','train','done',4,'["features","split","search"]','sha256:95b4ce59865b266a493f374d25e7f88a0037618b6d135690d21ceb560c491ecd','{"source":{"tidemill.model.pipeline:train":"sha256:2ec3b4f8d7ea96b7590e7875feac244982ea093160cb79b0da27644246e44e85"},"params":{"rows":{"$input":"rows"},"cut":{"$input":"cut"},"settings":{"task":"classify","metric":"log_loss","train":null,"trials":1,"budget":null,"details":{"columns":[{"name":"pages","kind":"number","source":"pages","required":false,"categories":[],"column":{"name":"pages","kind":"integer","minimum":0.0},"embedding":null,"place":0},{"name":"spent","kind":"number","source":"spent","required":false,"categories":[],"column":{"name":"spent","kind":"number"},"embedding":null,"place":0},{"name":"member","kind":"category","source":"member","required":false,"categories":[],"column":{"name":"member","kind":"boolean"},"embedding":null,"place":0},{"name":"country","kind":"category","source":"country","required":false,"categories":[],"column":{"name":"country","kind":"string"},"embedding":null,"place":0},{"name":"site","kind":"category","source":"site","required":false,"categories":[],"column":{"name":"site","kind":"string"},"embedding":null,"place":0},{"name":"hour","kind":"hour","source":"ts","required":true,"categories":[],"column":{"name":"ts","kind":"timestamp","required":true,"role":"time"},"embedding":null,"place":0}],"roles":{},"unit":"days","limits":[null,null],"timed":true,"subject":null,"target":"came_back"},"only":null},"found":{"$input":"found"}},"inputs":{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","found":"sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7"},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":["evaluation_bundle","released"],"seed":0,"version":"1"}','{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","found":"sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7"}','{"evaluation_bundle":{"digest":"sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1","codec":"bundle","bytes":2004},"released":{"digest":"sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9","codec":"bundle","bytes":2004}}','[]',1,1728604800000000,1728604800000000,48365,NULL);
INSERT INTO "steps" VALUES('run_01m8qp41kg4577mcqvergdsv1v','evaluate','done',5,'["features","split","train"]','sha256:7e5a68ec831245b9d53b35a4191d43ea8b631bb4d57dc712f22c4c43131476bf','{"source":{"tidemill.model.pipeline:evaluate":"sha256:d00e1cb6f147578a92f69fe24e641c2bc01660bb3c24547203824ebddf61ebd0","tidemill.model.pipeline:_champion":"sha256:b82cb2c0165a367e2fe0b3cde81e094b2aac8bce309ae49c685868f609260d27","tidemill.model.pipeline:_twice":"sha256:f0f23c7f7aff2522163879b79a6a6dd5acbeb67ec510a04f9260d48c23e084d1","tidemill.model.pipeline:_above":"sha256:0b402f82df11176cad17428251c4bf1d0b54bc48bb04be500631b81dba1f5550"},"params":{"rows":{"$input":"rows"},"cut":{"$input":"cut"},"settings":{"task":"classify","metric":"log_loss","train":null,"trials":1,"budget":null,"details":{"columns":[{"name":"pages","kind":"number","source":"pages","required":false,"categories":[],"column":{"name":"pages","kind":"integer","minimum":0.0},"embedding":null,"place":0},{"name":"spent","kind":"number","source":"spent","required":false,"categories":[],"column":{"name":"spent","kind":"number"},"embedding":null,"place":0},{"name":"member","kind":"category","source":"member","required":false,"categories":[],"column":{"name":"member","kind":"boolean"},"embedding":null,"place":0},{"name":"country","kind":"category","source":"country","required":false,"categories":[],"column":{"name":"country","kind":"string"},"embedding":null,"place":0},{"name":"site","kind":"category","source":"site","required":false,"categories":[],"column":{"name":"site","kind":"string"},"embedding":null,"place":0},{"name":"hour","kind":"hour","source":"ts","required":true,"categories":[],"column":{"name":"ts","kind":"timestamp","required":true,"role":"time"},"embedding":null,"place":0}],"roles":{},"unit":"days","limits":[null,null],"timed":true,"subject":null,"target":"came_back"},"only":null},"evaluation_bundle":{"$input":"evaluation_bundle"},"champion":null,"asked":{}},"inputs":{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","evaluation_bundle":"sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1"},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":["metrics","answers","examined"],"seed":0,"version":"1"}','{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","evaluation_bundle":"sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1"}','{"metrics":{"digest":"sha256:7bc860e3629dd44064afa6a49d61819269799369bebc1fd57218c73264ef6c82","codec":"json","bytes":3443},"answers":{"digest":"sha256:8b37f26730e96794d90cd132c01b9a304220c982282f618b36dd61d4a7ab5f1a","codec":"arrays","bytes":4832},"examined":{"digest":"sha256:37e0034965744fafa714c915f84934a25ed6db88ff045bb64a6e38fbbad924fd","codec":"json","bytes":36721}}','[]',1,1728604800000000,1728604800000000,387853,NULL);
INSERT INTO "steps" VALUES('run_01m8qp41kg4577mcqvergdsv1v','describe','done',6,'["split","findings","search","evaluate"]','sha256:9dbfab80fe88968a5ba259eff2b4daf76e21a6d2ffbdcf68379be971d016edc2','{"source":{"tidemill.model.card.describe:describe":"sha256:70a7986d461b30dc6672a600109e339014dd329d0b894075faac504b8c6874bf","tidemill.model.card.describe:_measured":"sha256:855ead1fa5867fd8e83e7dd49b6c65a8c8cd17ecffb534df960ae21a6df74ed5","tidemill.model.card.describe:_row":"sha256:a9284bd3131b3f2cdffdf40572895647536f8481e5f6531afcbe5019354fedbc","tidemill.model.card.describe:_interval":"sha256:87147ed0b448aa1d49e8a9f73ab5df0e44ca69c2faa718c9f0c37df3715110a4","tidemill.model.card.describe:_names":"sha256:467034cfdbd569ae476e4280e3ee7e60568c2fa55c198b3d97d2020828026f6c","tidemill.model.card.describe:twice":"sha256:f844bbd14d7a8c56e4b198f96ceb89d64dfb78ac03ccdac8df20b61b7b755e64","tidemill.model.card.describe:_looked":"sha256:6de028708e75ad4097ae455d98b7e248c28d75f4a05d548f0c8f7fda88b9497d","tidemill.model.card.describe:_chosen":"sha256:aa27a7f89baa63fd522bcef0f7ee1b40510969eb4b512b4294a7478db3cf1be3","tidemill.model.card.describe:_gained":"sha256:eb1f536f6f48aad7bf19cd53d428f6bdc7c434fbfe8761d4d5e4b8ab00e03b9e","tidemill.model.card.describe:_from":"sha256:03c9db70aabeb2c19b4a80c93f558bbf6d383e9983b05dee083e4b0cdee002e8","tidemill.model.card.describe:_reached":"sha256:ddb463c6ca162f51f5437abaf5e3d6aa003f9e3b799cd81d262bd703cd5c8c48","tidemill.model.card.describe:_decides":"sha256:b79a9aa4999adfeeb2a12ff4e804ed71568ee96729ad725abf57b42c5d922af0","tidemill.model.card.describe:_at_half":"sha256:cbe8312c0c218ea5efc3b6120d36f81569d710c4cfbff8bf0ccda14f3e96fb41","tidemill.model.card.describe:_intervals":"sha256:5b43af068c852d387cfed74c62354a52191a71e302dcb2e5aee25fcef1490580","tidemill.model.card.describe:_limits":"sha256:641e2eea0f905f7ae67c2f356f8cfa6e3b798224f60fcf6eea606e2877d3b1f1","tidemill.model.card.describe:_caps":"sha256:b2725ec90fb2ed74437da10564618c18b7c34f2f319848dd4cb9dd4cbd7e9b13","tidemill.model.card.describe:_recipe":"sha256:1f4a33e7ce4c8bcd86325faaf248fea06ea8bd957fe09be4b78651d847d20cda","tidemill.model.card.describe:_setting":"sha256:c4737a61194ff904a1685140d182e10f8595081574f4abcf0ea4fbc502f12bc3"},"params":{"name":"visits","purpose":"","goal":"","cut":{"$input":"cut"},"looked":{"$input":"looked"},"found":{"$input":"found"},"metrics":{"$input":"metrics"},"examined":{"$input":"examined"},"data":["dataset:visits@1"],"timeless":[],"label":"","ruled":""},"inputs":{"cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","looked":"sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909","found":"sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7","metrics":"sha256:7bc860e3629dd44064afa6a49d61819269799369bebc1fd57218c73264ef6c82","examined":"sha256:37e0034965744fafa714c915f84934a25ed6db88ff045bb64a6e38fbbad924fd"},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[]}','{"cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","looked":"sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909","found":"sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7","metrics":"sha256:7bc860e3629dd44064afa6a49d61819269799369bebc1fd57218c73264ef6c82","examined":"sha256:37e0034965744fafa714c915f84934a25ed6db88ff045bb64a6e38fbbad924fd"}','{"result":{"digest":"sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca","codec":"report","bytes":4196}}','[]',1,1728604800000000,1728604800000000,5481,NULL);
INSERT INTO "steps" VALUES('run_01m8qp41kg4577mcqvergdsv1v','register','done',7,'["split","findings","search","evaluate","train","describe"]','sha256:be282a9e37659f0d85347d4675de0273745cf3b7da3c40cb8f9de3df9c2bfd08','{"source":{"tidemill.model.pipeline:register":"sha256:f52d85f4af761aec3cbcebc6f58d12d45a7aad44bbd8ab21cd93be4962375dc9","tidemill.model.pipeline:kind_of":"sha256:3b68389c26310462e4452f3ded972efe4ccae039211562ae4eb25773fd5717f6"},"params":{"name":"visits","data":["dataset:visits@1"],"cut":{"$input":"cut"},"looked":{"$input":"looked"},"found":{"$input":"found"},"metrics":{"$input":"metrics"},"evaluation_bundle":{"$input":"evaluation_bundle"},"released":{"$input":"released"},"told":{"$input":"told"},"incumbent":null,"author":""},"inputs":{"cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","looked":"sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909","found":"sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7","metrics":"sha256:7bc860e3629dd44064afa6a49d61819269799369bebc1fd57218c73264ef6c82","evaluation_bundle":"sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1","released":"sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9","told":"sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca"},"libraries":{"msgspec":"0.22.0","tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0}','{"cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","looked":"sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909","found":"sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7","metrics":"sha256:7bc860e3629dd44064afa6a49d61819269799369bebc1fd57218c73264ef6c82","evaluation_bundle":"sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1","released":"sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9","told":"sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca"}','{"result":{"digest":"sha256:aa7e9fa7888587a6f2f729e21980aed9cde0ef49ca5acac4a3556c09c10788f8","codec":"json","bytes":16}}','["declared: writes the model version","resource project"]',1,1728604800000000,1728604800000000,12570,NULL);
INSERT INTO "steps" VALUES('run_01m8qp4dxjghrkw1k88zc2pkc2','judge','done',0,'[]','sha256:3e0a18e6e43629b73251c9c1960b2924a465c488c6c2edfa2ff26ca7bfbb4b78','{"source":{"tidemill.release.pipeline:judge":"sha256:c1e95553aa889ab3dc5f90080c239c5cc08ec6581c83f07ef91c40815fc34ffb","tidemill.release.pipeline:GIVEN":"sha256:c26224aa96ea2695f023eb5b098a96d519e45f7b9931daa8c4a95a9f32f03a95","tidemill.release.pipeline:verdict_key":"sha256:47e8b1e4dc6bb55efd814b3ebe97e4f7bbda7cd19a6b30276eb68975768d7434"},"params":{"endpoint":"visits","model":"model:visits@1","attempt":0},"inputs":{},"libraries":{"msgspec":"0.22.0","tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0}','{}','{"result":{"digest":"sha256:9ae9ae0bdbc247a1055085eb84bd8c2fb99772a8b0578a79d4e35e0c7972adcf","codec":"json","bytes":2658}}','["declared: the gates ask the real server, and compare with whoever is champion now","resource project","resource context","reads contracts/visits.yaml","process /srv/.venv/bin/python","network","network (''127.0.0.1'', 37645)"]',1,1728604800000000,1728604800000000,171653,NULL);
INSERT INTO "steps" VALUES('run_01m8qp4dxjghrkw1k88zc2pkc2','start','done',1,'["judge"]','sha256:f9a343e94df7e8989025da4ea3dfb51b125ad40d5404ec69b1da2beab74bc885','{"source":{"tidemill.release.pipeline:start":"sha256:ec4825952561b69edb08ce5d7d4352583c59f7c881ead92e33fcd17bd9effed5","tidemill.release.pipeline:GIVEN":"sha256:c26224aa96ea2695f023eb5b098a96d519e45f7b9931daa8c4a95a9f32f03a95","tidemill.release.pipeline:_write":"sha256:19cd30ffdcbc03bdc383e563dfb62a9dee48404dc5d94ce809e4b4121f7cc874","tidemill.release.pipeline:_events":"sha256:3c809840be91c2dac36674aef3bbf89a7643719b7e9abf550c7e2e2f9d413e3b","tidemill.release.pipeline:release_id":"sha256:2494062152b7b5ef77a24396c244ab7478ee7f8ce0174b2bb5e21277617b3850","tidemill.release.pipeline:_undecided":"sha256:d73a6eab8397b82f2042409a12e6b9a92be8e1555f6416ed9068625ec01f5625","tidemill.release.pipeline:signed":"sha256:e77444b5be9d8038485398153e79098fe569e37c57394fd977d693e8976a89fd","tidemill.release.pipeline:blessings":"sha256:3b7976c980d834434a37c9e3ad43951e5a12e55a567590d0346854860e95543d"},"params":{"endpoint":"visits","model":"model:visits@1","attempt":0,"override":null,"author":"root","decision":null,"judged":{"$input":"judged"}},"inputs":{"judged":"sha256:9ae9ae0bdbc247a1055085eb84bd8c2fb99772a8b0578a79d4e35e0c7972adcf"},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0}','{"judged":"sha256:9ae9ae0bdbc247a1055085eb84bd8c2fb99772a8b0578a79d4e35e0c7972adcf"}','{"result":{"digest":"sha256:d1b33b61e5a8efd24a16d03897a09b7721d53e45d28690c18ce4f3733be3d897","codec":"json","bytes":36}}','["declared: signs with a key outside the project, and writes the release","resource project","reads /srv/tmp0vnz7yeb/home/projects/25c7e03173cc2460e066d03856f91310","reads contracts/visits.yaml"]',1,1728604800000000,1728604800000000,168467,NULL);
INSERT INTO "steps" VALUES('run_01m8qp4p07hsgbyzhdhgkv5xha','ingest','done',0,'[]','sha256:b688ca29e01d76458abd0377e29c4b53ef0231f69ab24da02d8162c0a28aed16','{"source":{"tidemill.data.pipeline:take_files":"sha256:ca2199d8b38eef0ca489f02f095701825cef2a34513fa44b50df5a6fa3cf9c1d"},"params":{"dataset":"visits"},"inputs":{},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0}','{}','{"result":{"digest":"sha256:1ea97e2cb1fabacb1e3eb46cc034d5ab3f33bf001017ee4ad74714cfe6a44db3","codec":"json","bytes":227}}','["declared: files come and go by themselves","resource project","resource ingest","reads .tidemill/tables/visits","reads .tidemill/tables/visits/_delta_log","reads .tidemill/tables/visits/_delta_log/00000000000000000002.json"]',1,1728604800000000,1728604800000000,56323,NULL);
CREATE TABLE tidemill_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY, tidemill VARCHAR(64) NOT NULL);
INSERT INTO "tidemill_version" VALUES('0003','0.1.0');
CREATE TABLE tokens (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	scopes TEXT NOT NULL, 
	created INTEGER NOT NULL, 
	expires INTEGER, 
	once INTEGER NOT NULL, 
	principal TEXT DEFAULT '' NOT NULL, 
	bound TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_tokens PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "tokens" VALUES('token_01m8qp4p8pbrvnrr0m9f0f9yr1','test','8f0707f91462241a3b296903694253d835fbfc703d3db07ea1c567143c0b1b47','["predict","feedback","items","read","operate","replay"]',1796091304214302,NULL,0,'','');
CREATE TABLE verdicts (
	id TEXT NOT NULL, 
	model TEXT NOT NULL, 
	gate TEXT NOT NULL, 
	blessing TEXT NOT NULL, 
	passed INTEGER NOT NULL, 
	verdict TEXT NOT NULL, 
	evidence TEXT NOT NULL, 
	attestation TEXT, 
	at INTEGER NOT NULL, 
	CONSTRAINT pk_verdicts PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "verdicts" VALUES('verdict_1n5ky096bj9edhr0a3znt8mzx5','model:visits@1','infrastructure','infrastructure',1,'','{"errors":[],"requests":60,"said":"loaded, and all 60 answers are the offline ones","wrong":[],"wrong_in_all":0}','sha256:fcae85c716d0fe92443c02f8dd205575f9095e2db2cb959e33f841a94e1c19ca',1728604800000000);
INSERT INTO "verdicts" VALUES('verdict_0tfz0ndanamvjmd07v2sa3ndgq','model:visits@1','latency','infrastructure',1,'','{"best_us":374,"limit":"1 s","rounds_us":[512,593,421,14664,374],"said":"p99 0.4 ms in the best of 5 rounds, the limit is 1 s"}','sha256:04ea1363a46b8485820b47ea87c9a029da9a128bf378a24d7164d1830d13183c',1728604800000000);
INSERT INTO "verdicts" VALUES('verdict_1yhgdxsp3z8jdbq84x25rn20eg','model:visits@1','leakage','quality',1,'','{"allowed":[],"columns":5,"found":[],"key":"sha256:60acac77344b4c9fbe81e1c17abd2ba1bbda937ae8ebbef9ebeae28f224d501b","said":"none of 5 columns is seen to know the label"}','sha256:31bc3f9176fa65db88caf3c16311ad51d9a4e582278d0831e0997ccfa6ac80e1',1728604800000000);
INSERT INTO "verdicts" VALUES('verdict_175sa72deztzjd3p5c6bkf013k','model:visits@1','method','quality',1,'promoted','{"baseline":"prior","comparison":{"candidate":0.13580440222692527,"difference":0.5536945722322313,"error":0.03654746702151401,"freedom":9.0,"gain":0.8030390076599457,"high":0.8857151219647948,"low":0.7084746422014871,"metric":"log_loss","other":0.6894989744591565,"requests":250,"skewness":-0.5493511907704701,"subjects":10,"unit":"days","windows":1},"expected":0.8030390076599457,"key":"sha256:60acac77344b4c9fbe81e1c17abd2ba1bbda937ae8ebbef9ebeae28f224d501b","looks":1,"margin":0.02,"needed":5162,"pair":"sha256:5ee73f1422a44e4d9647d826654f9685c0295b86545c6bbee82e0c6ff465fad3","power":"minimum detectable change 9.1 % (95 % confidence, 80 % power)","recipe":{"method":"constant","task":"classify"},"said":"better than prior, the best baseline: log_loss 0.1358 against 0.6895 (+80.3 %, 95 %: +70.8 to +88.6 %) on 250 requests of 10 days in this window; both fitted anew before each window","span":864000000000,"through":1728604759000001,"verdict":"promoted"}','sha256:ed6ceb99909e26313f25666382d526b94405f56c0b6669f7c063925068e9b9e6',1728604800000000);
INSERT INTO "verdicts" VALUES('verdict_27n50edxs61bjd071z010g3rx4','model:visits@1','baseline','quality',1,'promoted','{"baselines":{"prior":0.8030390076599457},"comparison":{"candidate":0.13580440222692527,"difference":0.5536945722322313,"error":0.03654746702151401,"freedom":9.0,"gain":0.8030390076599457,"high":0.8857151219647948,"low":0.7084746422014871,"metric":"log_loss","other":0.6894989744591565,"requests":250,"skewness":-0.5493511907704701,"subjects":10,"unit":"days","windows":1},"expected":0.8030390076599457,"judged":1728604759000001,"key":"sha256:60acac77344b4c9fbe81e1c17abd2ba1bbda937ae8ebbef9ebeae28f224d501b","lead":0.8030390076599457,"margin":0.02,"needed":5162,"power":"minimum detectable change 9.1 % (95 % confidence, 80 % power)","said":"better than prior: log_loss 0.1358 against 0.6895 (+80.3 %, 95 %: +70.8 to +88.6 %) on 250 requests of 10 days in this window; both fitted anew before each window","verdict":"promoted"}','sha256:31b4b1ac1e4a5fca9c3ebd8cfa635724cd75019865479a1eea700890ccb63f89',1728604800000000);
CREATE TABLE visits (
	principal TEXT NOT NULL, 
	place TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	"before" INTEGER, 
	CONSTRAINT pk_visits PRIMARY KEY (principal, place)
)
 STRICT

;
CREATE TABLE votes (
	id TEXT NOT NULL, 
	approval TEXT NOT NULL, 
	principal TEXT NOT NULL, 
	person TEXT NOT NULL, 
	role TEXT NOT NULL, 
	yes INTEGER NOT NULL, 
	reason TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	seen TEXT NOT NULL, 
	envelope TEXT NOT NULL, 
	self_approved INTEGER NOT NULL, 
	who TEXT NOT NULL, 
	own_key INTEGER NOT NULL, 
	CONSTRAINT pk_votes PRIMARY KEY (id)
)
 STRICT

;
CREATE TABLE vouched (
	session TEXT NOT NULL, 
	principal TEXT NOT NULL, 
	issuer TEXT NOT NULL, 
	sealed TEXT NOT NULL, 
	checked INTEGER NOT NULL, 
	asked INTEGER NOT NULL, 
	CONSTRAINT pk_vouched PRIMARY KEY (session)
)
 STRICT

;
CREATE TABLE windows (
	endpoint TEXT NOT NULL, 
	monitor TEXT NOT NULL, 
	start INTEGER NOT NULL, 
	"end" INTEGER NOT NULL, 
	n INTEGER NOT NULL, 
	data TEXT NOT NULL, 
	alarm INTEGER NOT NULL, 
	environment TEXT NOT NULL, 
	complete INTEGER NOT NULL, 
	revision INTEGER NOT NULL, 
	judged INTEGER NOT NULL, 
	CONSTRAINT pk_windows PRIMARY KEY (endpoint, monitor, start, environment)
)
 STRICT

;
CREATE INDEX ix_runs_started ON runs (started);
CREATE INDEX ix_runs_status_key ON runs (status, "key");
CREATE INDEX ix_runs_pipeline_started ON runs (pipeline, started);
CREATE INDEX ix_edges_target ON edges (target);
CREATE INDEX ix_verdicts_model_at ON verdicts (model, at);
CREATE INDEX ix_releases_endpoint_status ON releases (endpoint, status);
CREATE UNIQUE INDEX uq_releases_champion ON releases (environment, endpoint) WHERE status = 'champion';
CREATE UNIQUE INDEX uq_releases_shadow ON releases (environment, endpoint) WHERE status = 'shadow';
CREATE UNIQUE INDEX uq_experiments_running ON experiments (environment, endpoint) WHERE status = 'running';
CREATE INDEX ix_experiments_endpoint_started ON experiments (endpoint, started);
CREATE INDEX ix_decisions_at_id ON decisions (at, id);
CREATE INDEX ix_jobs_endpoint_started ON jobs (endpoint, started);
CREATE INDEX ix_jobs_decision ON jobs (decision);
CREATE INDEX ix_events_kind_at_seq ON events (kind, at, seq);
CREATE INDEX ix_events_seq ON events (seq);
CREATE INDEX ix_events_at_seq ON events (at, seq);
CREATE INDEX ix_alarms_endpoint_opened ON alarms (endpoint, opened);
CREATE INDEX ix_settlements_endpoint_at ON settlements (endpoint, at);
CREATE UNIQUE INDEX ix_tokens_hash ON tokens (hash);
CREATE INDEX ix_tokens_principal ON tokens (principal);
CREATE UNIQUE INDEX uq_principals_vouched ON principals (issuer, subject) WHERE issuer != '';
CREATE UNIQUE INDEX ix_principals_name ON principals (name);
CREATE INDEX ix_attempts_last ON attempts (last);
CREATE INDEX ix_logins_origin ON logins (origin);
CREATE INDEX ix_logins_expires ON logins (expires);
CREATE INDEX ix_approvals_status_asked ON approvals (status, asked);
CREATE INDEX ix_approvals_subject ON approvals (subject);
CREATE UNIQUE INDEX ix_votes_approval_person ON votes (approval, person);
CREATE INDEX ix_comments_at ON comments (at);
CREATE INDEX ix_comments_about_at ON comments (about, at);
CREATE INDEX ix_ledger_event ON ledger (event);
CREATE INDEX ix_ledger_principal_seq ON ledger (principal, seq);
CREATE INDEX ix_steps_fingerprint_ended ON steps (fingerprint, ended);
COMMIT;
