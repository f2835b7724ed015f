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
INSERT INTO "acts" VALUES('event_01m8r3csbwhyhkmz0gwb26e5ht',1796105201021399,'run.added','run:run_1','{"fields":["code","cost","ended","environment","error","id","key","outputs","owner","params","parent","pipeline","seed","started","status"],"digest":"5340f9d715296630fd151618a8827d65f97c5ebd51122d3267b48cb81f5767b6","status":"running"}','','c7b94b4b3f5575efef48488b5d91cfc4');
INSERT INTO "acts" VALUES('event_01m8r3cscd5dkkyq35npxeh9me',1796105201037552,'dataset version.added','dataset:sales@1','{"fields":["created","dataset","digest","generation","ingest","profile","quarantined","rows","run","time_max","time_min","version"],"digest":"083c26c417574d3e5ba897d7fb55553a32545dfb22ce4471bec3eb7f3dddd737"}','','315fd45967f0b5912fc46e82f141880f');
INSERT INTO "acts" VALUES('event_01m8r3csck752y3pz2j7tcdr6f',1796105201043260,'model.added','model:shop@1','{"fields":["author","bundle","card","created","data","evaluation_bundle","findings","kind","metrics","name","recipe","run","trained_through","version"],"digest":"b1647694f4878695d819577035c7e8452faf67e0175001c290d8310c3ed94286"}','','d6ee93c9b3a74d4972941bfc08b88ed3');
INSERT INTO "acts" VALUES('event_01m8r3cscpm1bxsyn7dm5x5f5z',1796105201046195,'verdict.added','verdict:verdict_1','{"fields":["at","attestation","blessing","evidence","gate","id","model","passed","verdict"],"digest":"4dd4a9345d96e450f48ad036228add3915cb6ae8311fe22977447cb907e82b39"}','','97e24a942389f85d0465f60d68e034a5');
INSERT INTO "acts" VALUES('event_01m8r3cscsrj9h3c6q0d7kqzpe',1796105201050681,'release.added','release:release_1','{"fields":["attestations","author","created","decision","ended","endpoint","environment","evidence","id","model","override","previous","stage","stage_since","stages","started","status"],"digest":"10a10b87b7acf4e0b72cfc4cc54ccb7987aa2a74445f6a7a17d5f8f39b79d5d0","status":"held"}','','343a98c9fb28c5291c9592b896db58be');
INSERT INTO "acts" VALUES('event_01m8r3cscxgf8ed4znfhz4qskq',1796105201053768,'decision.added','decision:decision_1','{"fields":["action","at","code","endpoint","environment","evidence","evidence_digest","id","policy","reason","run"],"digest":"f12c68f6ad9ced05360e8d237d88f39b28c3e331c72d4673e89d967e10182516"}','','5eab5c00ba79b34a0bb9332a1990f9cc');
INSERT INTO "acts" VALUES('event_01m8r3csd2b30wwsm2ycc5kxm6',1796105201058260,'job.added','job:job_1','{"fields":["code","decision","ended","endpoint","environment","error","id","kind","started","status","subject","times"],"digest":"79e9631068d540a53fc41ee4af45268ebbecca452b81da3263dd1ccd09144ec4","status":"running"}','','b24aae997d296f5cc417265ae5e3632e');
INSERT INTO "acts" VALUES('event_01m8r3csdfmnd4e13abszymdrb',1796105201071554,'alarm.added','alarm:alarm_1','{"fields":["again","answers","blind_below","closed","ended","endpoint","environment","evidence","hurts","id","interval","kind","metric","model","monitor","now","opened","promised","since","subjects","what","window","windows"],"digest":"829ab2d87e241b78f96235aae0381e66f7e2d9bc8fa3d2a5dc9b79593e8b728b"}','','b888f150229ac17729a638ad0b5a9a09');
INSERT INTO "acts" VALUES('event_01m8r3csdjqapab0c2ckhp275m',1796105201074763,'token.added','token:token_1','{"fields":["bound","created","expires","hash","id","name","once","principal","scopes"],"digest":"7275dad7b6ccc4aa7fad0feda29e557f21e3ea20f6575923a12affb9f56c7b01"}','','02e1901428f71909e5385dac6f81c830');
INSERT INTO "acts" VALUES('event_01m8r3csdrm5gmkbt1t6845a8z',1796105201080498,'settlement.added','settlement:settlement_1','{"fields":["at","came","endpoint","environment","expected","id","interval","kind","metric","model","other","reason","requests","settled","subject","subjects","what","when"],"digest":"47c6676e566bda2a7e6ba591aa44b08bceab37cef2592bb81fcabe811103130e"}','','5febb6e51d2a03d45fb62d71febf3c97');
INSERT INTO "acts" VALUES('event_01m8r3cse03zs8bc50q2geprfd',1796105201088487,'principal.added','principal:principal_1','{"fields":["by","created","disabled","display","id","issuer","key","key_envelope","kind","name","owner","roles","subject"],"digest":"bc42d226c4133275754545db6a3049daab674de9c535a1b150a2bf52fadee114"}','','55eac5989cda63cf3c9665f43908eb1d');
INSERT INTO "acts" VALUES('event_01m8r3cse3q4hkf9af419bqe5h',1796105201091076,'password.added','principal:principal_1','{"fields":["changed","hash","must_change","principal"],"digest":"3b340d8ffda0412d9b2f49609b2f714e6973cecf7a135efb1c51252def6d84cc"}','','bf2cd23f82b71acb1287dd1b504b40cc');
INSERT INTO "acts" VALUES('event_01m8r3cse8er6kvmnfevd5k6z1',1796105201096902,'approval.added','approval:approval_1','{"fields":["asked","asks_reason","author","due","ended","endpoint","environment","four_eyes","id","inputs","inputs_digest","kind","needed","own_key","person","roles","rule","status","subject","who","why"],"digest":"63f88e9bfa170a671b566cb77a4c72c5b58bbe9dbd8e7db9b9c322967465ae0a","status":"open"}','','648369aa0cea38e4a90fd2babc79f61d');
INSERT INTO "acts" VALUES('event_01m8r3csecdn9ryj41fb43snw2',1796105201100283,'vote.added','vote:vote_1','{"fields":["approval","at","envelope","id","own_key","person","principal","reason","role","seen","self_approved","who","yes"],"digest":"a83d0f0b8c5167fcc21128ea50261396825410cc09672d24664cdbc24c587fbe"}','','ac4be4724fa51a5f1e1777dcfc038a34');
INSERT INTO "acts" VALUES('event_01m8r3csefpge9pntbr6f6mf8q',1796105201103140,'comment.added','comment:comment_1','{"fields":["about","at","id","mentions","principal","removed","reply_to","text","who"],"digest":"f98b0d23149242ee7ecab233fc232faf2bb2ac782addd731fc93825b6804ac10"}','','96c4dc9e20fa7930671cfb4a982445e7');
INSERT INTO "acts" VALUES('event_01m8r3csemgvbje142s2d4v0wg',1796105201108192,'limit.added','limit:limit_1','{"fields":["begun","by","ended","ended_by","id","kind","mark","of","over","purpose","since","subject"],"digest":"229d1f34fd5250a9f3fd5e37841531c3b121ae11fa6cecf93a595f9e626afb78"}','','10f6734a29df05fdc39451f88541d338');
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
INSERT INTO "alarms" VALUES('alarm_1','','shop','drift','drift','model:shop@1',10,12,0,'["price 1% -> 40%"]','no',0,'{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}',NULL,'ended 1','metric 1',-2.5,-2.5,'[-2.5,0.5]',3,3,3,-2.5);
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
INSERT INTO "approvals" VALUES('approval_1','release','release:release_1','rule 1','author 1','["product-owner"]',3,1,100,1000,'open','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','inputs_digest 1',1000,'','shop','person 1','who 1','why 1',1,1);
CREATE TABLE artifacts (
	digest TEXT NOT NULL, 
	codec TEXT NOT NULL, 
	size INTEGER NOT NULL, 
	created INTEGER NOT NULL, 
	CONSTRAINT pk_artifacts PRIMARY KEY (digest)
)
 STRICT

;
INSERT INTO "artifacts" VALUES('sha256:4','json',3,1000);
CREATE TABLE attempts (
	"key" TEXT NOT NULL, 
	count INTEGER NOT NULL, 
	last INTEGER NOT NULL, 
	until INTEGER NOT NULL, 
	CONSTRAINT pk_attempts PRIMARY KEY ("key")
)
 STRICT

;
INSERT INTO "attempts" VALUES('attempt_1',3,1000,1000);
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
INSERT INTO "baselines" VALUES('','shop','model:shop@1','artifact 1',1000);
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
INSERT INTO "comments" VALUES('comment_1','release:release_1','principal 1',100,'text 1','reply_to 1',1000,'who 1','["load","split"]');
CREATE TABLE counters (
	name TEXT NOT NULL, 
	value INTEGER NOT NULL, 
	CONSTRAINT pk_counters PRIMARY KEY (name)
)
 STRICT

;
INSERT INTO "counters" VALUES('ledger',18);
INSERT INTO "counters" VALUES('releases',1);
INSERT INTO "counters" VALUES('tokens',1796105201088312);
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
INSERT INTO "datasets" VALUES('sales',1,1,'digest 1',100,3,1000,'run 1',-5,9007199254740993,'profile 1','ingest 1');
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
INSERT INTO "decisions" VALUES('decision_1',10,'retrain','reason 1','code 1','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','evidence_digest 1','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','run 1','shop','');
CREATE TABLE edges (
	source TEXT NOT NULL, 
	target TEXT NOT NULL, 
	relation TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	CONSTRAINT pk_edges PRIMARY KEY (source, target, relation)
)
 STRICT

;
INSERT INTO "edges" VALUES('artifact:a','artifact:b','read',5);
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
INSERT INTO "events" VALUES('event_1',10,'alarm','model:shop@1','{"why":["drift"]}','principal 1',1,'ad5123059dab5316cf3619527f20d429');
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
INSERT INTO "files" VALUES('sales','sha256:f','a.csv',100,3,1,'ingest 1',1000);
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
INSERT INTO "jobs" VALUES('job_1','','shop','train','decision:decision_1','running',10,NULL,'decision_1','','',1);
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
INSERT INTO "leases" VALUES('run:model|a=1','owner 1',1000,'',3);
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
INSERT INTO "ledger" VALUES(1,1796105201021399,'','genesis','events:0','','e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855','0000000000000000000000000000000000000000000000000000000000000000','0ded9664e13d4328ef1af8757ba51fe0ec19b6f5011f0d53305164bffd04bf99');
INSERT INTO "ledger" VALUES(2,1796105201021399,'','run.added','','event_01m8r3csbwhyhkmz0gwb26e5ht','b42c2a6686af7b805fb57f10292be5b2c15f0c4ab95a4ae86c07b47b0dd89aa0','0ded9664e13d4328ef1af8757ba51fe0ec19b6f5011f0d53305164bffd04bf99','8412008e7485711b50ce04bfd90842949f533a6c8fa218981fa399d0ef163bcd');
INSERT INTO "ledger" VALUES(3,1796105201037552,'','dataset version.added','dataset:sales@1','event_01m8r3cscd5dkkyq35npxeh9me','64d43b057df536da05b1299830575ba85b43fc7638451e250404af7b14cc5447','8412008e7485711b50ce04bfd90842949f533a6c8fa218981fa399d0ef163bcd','08bab97568e3068aaf11d7931504d4ed64eb98bf0fccaa303f39eeaaa3975461');
INSERT INTO "ledger" VALUES(4,1796105201043260,'','model.added','model:shop@1','event_01m8r3csck752y3pz2j7tcdr6f','b678575c965d5afb23ac8a331543b542c7572d636afbdfc65e2b8cd6ac83b485','08bab97568e3068aaf11d7931504d4ed64eb98bf0fccaa303f39eeaaa3975461','db9cef0d70208f35232d47d73b3882c9245d9e101c1e9168c9e28ccd84a4d7ac');
INSERT INTO "ledger" VALUES(5,1796105201046195,'','verdict.added','','event_01m8r3cscpm1bxsyn7dm5x5f5z','7bdb55ae556cc43628cf3b89c7215ea58130a4876c0537a95965c3634a240588','db9cef0d70208f35232d47d73b3882c9245d9e101c1e9168c9e28ccd84a4d7ac','0bf1c10f8f605724e3ac7332516aa7a82f99c5822dc7ab552faa00d58f527f2d');
INSERT INTO "ledger" VALUES(6,1796105201050681,'','release.added','','event_01m8r3cscsrj9h3c6q0d7kqzpe','cbc0cdd4054e28fcf25b383982a8b114d85d2af5a7abd915a7ddfac1d71670c0','0bf1c10f8f605724e3ac7332516aa7a82f99c5822dc7ab552faa00d58f527f2d','93ab0e8ab42005e55a03e227b6c0ebc74deaf9acd952d9e7bf6951c48f13d4b9');
INSERT INTO "ledger" VALUES(7,1796105201053768,'','decision.added','','event_01m8r3cscxgf8ed4znfhz4qskq','350a1871a92710546af7e63620f4e3cd26a5c797b1ebb87f97f009fbebf44f3d','93ab0e8ab42005e55a03e227b6c0ebc74deaf9acd952d9e7bf6951c48f13d4b9','5007c5257dfb652720e25035c18184d9bd104f8bc8054dbbae66a9ae1e588047');
INSERT INTO "ledger" VALUES(8,1796105201058260,'','job.added','job:job_1','event_01m8r3csd2b30wwsm2ycc5kxm6','0ebbd49069cad87403b0a47ddc9d6f0e819e89d71d8f24d45a5ea1110e4dfd07','5007c5257dfb652720e25035c18184d9bd104f8bc8054dbbae66a9ae1e588047','61397b50ead2de611924b5348512efe729d31198969a704d10fa148d210745a4');
INSERT INTO "ledger" VALUES(9,1796105201059859,'-','alarm','model:shop@1','event_1','378041aa74bc77e83d4526331903c2b067192ee74b55128d3bf0ac37ad58f593','61397b50ead2de611924b5348512efe729d31198969a704d10fa148d210745a4','b9262ff3363d02462b6ed0a3f070ec3702340854d774d55139b87c931ddfd2f1');
INSERT INTO "ledger" VALUES(10,1796105201071554,'','alarm.added','','event_01m8r3csdfmnd4e13abszymdrb','9a1d7c236ab3049b33a1ba55f30e5d947e09561f7527c04b7515e752d61a6bff','b9262ff3363d02462b6ed0a3f070ec3702340854d774d55139b87c931ddfd2f1','9d43b4e32a93f1a7ef0d63bc52b850b06e6e77fc516360ad4adec0cb8b46bf9a');
INSERT INTO "ledger" VALUES(11,1796105201074763,'','token.added','','event_01m8r3csdjqapab0c2ckhp275m','342c85202426cc0a35e8e3656133f7aee78e2173d40cbb5ed0527730539f8992','9d43b4e32a93f1a7ef0d63bc52b850b06e6e77fc516360ad4adec0cb8b46bf9a','17c1168c70950a2ef623a698ecb81e3f1104ab9ef706547fca02b3542640a4e7');
INSERT INTO "ledger" VALUES(12,1796105201080498,'','settlement.added','','event_01m8r3csdrm5gmkbt1t6845a8z','41425b6820fec48fc85afaeaae3aa54b62813505f0b86b98ef4848a5c7852b3a','17c1168c70950a2ef623a698ecb81e3f1104ab9ef706547fca02b3542640a4e7','0cf0e650de8bc9a9c69d499148c58d54cb0db4983b72e2d7ad583bdfbffb42be');
INSERT INTO "ledger" VALUES(13,1796105201088487,'','principal.added','','event_01m8r3cse03zs8bc50q2geprfd','8063e9893ca92131e85426af0e27b988cd59df93f5c83c7bfe9cbe67b9bc7066','0cf0e650de8bc9a9c69d499148c58d54cb0db4983b72e2d7ad583bdfbffb42be','047c3a83fd9c257df1d4814bb5ca682506c2f6367e1673d982376c1a9df9f5f1');
INSERT INTO "ledger" VALUES(14,1796105201091076,'','password.added','','event_01m8r3cse3q4hkf9af419bqe5h','1ea5860fb29a4cd95c37bc4216c2db14682f16fb6a75dce9b5c763f2235920f4','047c3a83fd9c257df1d4814bb5ca682506c2f6367e1673d982376c1a9df9f5f1','84a77240b1c25ab67e09aeb2e2debec48e49d5635e929177ed395c155400c3d7');
INSERT INTO "ledger" VALUES(15,1796105201096902,'','approval.added','','event_01m8r3cse8er6kvmnfevd5k6z1','759d3b193cdbafa5c7efe961845ffd26a24060da5bd529ab524b3f5b29aacfc2','84a77240b1c25ab67e09aeb2e2debec48e49d5635e929177ed395c155400c3d7','c1f59299bd452744ccb9870943d2c2ea79d0e683e54e92412880bbc50c78b704');
INSERT INTO "ledger" VALUES(16,1796105201100283,'','vote.added','','event_01m8r3csecdn9ryj41fb43snw2','1bcbbe7aed841d19b1ff243a6e04f75876e3d0e70abd268d50a4f45e035c7d40','c1f59299bd452744ccb9870943d2c2ea79d0e683e54e92412880bbc50c78b704','1577696a7ad23db711775e5fd395f2e2ccb5c9ee68aaf5f7b596f34d650f2723');
INSERT INTO "ledger" VALUES(17,1796105201103140,'','comment.added','','event_01m8r3csefpge9pntbr6f6mf8q','a0fce4311b34ee8d95d368bb90acfda7ecd2dc449b7a8702c26296f66f44f28f','1577696a7ad23db711775e5fd395f2e2ccb5c9ee68aaf5f7b596f34d650f2723','3e7da84ad376ff4b37d027759d4ea6d0856c0f11ce8fb1c9f7bcff3013dea1ad');
INSERT INTO "ledger" VALUES(18,1796105201108192,'','limit.added','','event_01m8r3csemgvbje142s2d4v0wg','f2ae51af8a8ff94942e82c13b9ee16330f5fd6c3708da6115293501db74218a6','3e7da84ad376ff4b37d027759d4ea6d0856c0f11ce8fb1c9f7bcff3013dea1ad','7a3280869b65baba06361058e3b06df2511bdc5814285a932c26c238297c518a');
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
INSERT INTO "logins" VALUES('state_1','browser 1','sealed 1','origin 1',1,9);
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
INSERT INTO "models" VALUES('shop',1,'bundle 1','evaluation_bundle 1','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','first','{"recall@20":[0.31,0.29,0.33],"n":310}','["dataset:sales@1"]',1000,'run 1','author 1','card 1',1000,'{"rows":300,"columns":7,"found":[{"kind":"copy","column":"state","held":true,"said":"it is the label","hint":"exclude it","figures":{"same":1.0},"shape":[["a",0.5,3]]}],"answer":"share of yes"}');
CREATE TABLE passwords (
	principal TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	changed INTEGER NOT NULL, 
	must_change INTEGER NOT NULL, 
	CONSTRAINT pk_passwords PRIMARY KEY (principal)
)
 STRICT

;
INSERT INTO "passwords" VALUES('principal_1','hash 1',1000,1);
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
INSERT INTO "principals" VALUES('principal_1','ann.principal_1','person','["data-scientist"]',1000,'by 1','display 1','owner 1','','subject 1','key 1','key_envelope 1',1000);
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
INSERT INTO "releases" VALUES('release_1','shop','model:shop@1','held','[{"share":0.25,"span":10,"requests":200},{"share":1.0}]',0,1000,1000,1001,1002,'release_0','override 1','["load","split"]','decision_1','author 1','{"blessings":{"quality":"blessed"},"refused":["refit"],"approved":{"who":"ann"},"rejected":null,"stages":[],"waits_in":null,"damaged":"","shadow":null,"mirror":null,"bake_until":null,"bake":null,"halted":null,"rolled_back":null,"waits":[],"paused":null,"pauses":[],"uncounted":0,"failed_before":0,"watch":null,"no_way_back":null,"saw":null,"policy":""}','');
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
INSERT INTO "runs" VALUES('run_1','model','model|a=1','running','host:1:2',1000,2000,'parent 1','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}',7,'{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','{"python":"3.12.1"}','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','error 1');
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
	limits INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_scorers PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "scorers" VALUES('scorer_1','','host 1','address 1',3,0,1000,1000,3,3,3,'{"shop":{"health":"ok","variants":{}}}',3);
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
INSERT INTO "settings" VALUES('mode','"live"');
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
INSERT INTO "settlements" VALUES('settlement_1','','shop','alarm','what 1','alarm:alarm_1','model 1','other 1',10,1000,'metric 1','right','reason 1',-2.5,-2.5,'[-2.5,0.5]',3,3);
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
INSERT INTO "steps" VALUES('run_1','train','done',3,'["load","split"]','fp','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','["load","split"]',3,1100,1200,3,'error 1');
CREATE TABLE subject_limits (
	id TEXT NOT NULL, 
	"of" TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	mark TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	purpose TEXT NOT NULL, 
	since INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	begun INTEGER NOT NULL, 
	ended INTEGER, 
	ended_by TEXT NOT NULL, 
	over INTEGER, 
	CONSTRAINT pk_subject_limits PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "subject_limits" VALUES('limit_1','of 1','subject 1','mark 1','object','purpose 1',1000,'by 1',3,1000,'',4);
CREATE TABLE tidemill_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY, tidemill VARCHAR(64) NOT NULL);
INSERT INTO "tidemill_version" VALUES('0004','0.1.0');
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
INSERT INTO "tokens" VALUES('token_1','name 1','hash of token_1','["predict","read"]',1,9,1,'principal 1','bound 1');
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
INSERT INTO "verdicts" VALUES('verdict_1','model:shop@1','superior','quality',1,'verdict 1','{"a":1,"deep":{"list":[1,2.5,null,true,"é\u0000"]}}','attestation 1',1000);
CREATE TABLE visits (
	principal TEXT NOT NULL, 
	place TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	"before" INTEGER, 
	CONSTRAINT pk_visits PRIMARY KEY (principal, place)
)
 STRICT

;
INSERT INTO "visits" VALUES('principal_1','inbox',1000,1000);
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
INSERT INTO "votes" VALUES('vote_1','approval_1','principal_1','principal_1','role 1',1,'reason 1',100,'seen 1','envelope 1',1,'who 1',1);
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
INSERT INTO "vouched" VALUES('token_1','principal_1','issuer 1','sealed 1',1000,1000);
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
INSERT INTO "windows" VALUES('shop','drift',0,10,4,'{"model":"model:shop@1","calibration":{"threshold":8.0,"promised":1.0,"expected":0.5,"realised":null,"realised_windows":0,"windows":0,"method":"chi-square"},"columns":{"price":{"p":1e-09,"words":"price 1% -> 40%","n":100,"x2":50.0,"df":3,"moved":0.4,"counts":[]}},"which":["price"],"score":20.0,"skipped":{"day":"part of the key"},"version":0,"source":"rows","reasons":{},"labels":{},"subjects":0,"shown":null,"kind":"drift"}',1,'',1,0,0);
CREATE INDEX ix_runs_status_key ON runs (status, "key");
CREATE INDEX ix_runs_pipeline_started ON runs (pipeline, started);
CREATE INDEX ix_runs_started ON runs (started);
CREATE INDEX ix_edges_target ON edges (target);
CREATE INDEX ix_verdicts_model_at ON verdicts (model, at);
CREATE INDEX ix_releases_endpoint_status ON releases (endpoint, status);
CREATE UNIQUE INDEX uq_releases_champion ON releases (environment, endpoint) WHERE status = 'champion';
CREATE UNIQUE INDEX uq_releases_shadow ON releases (environment, endpoint) WHERE status = 'shadow';
CREATE INDEX ix_experiments_endpoint_started ON experiments (endpoint, started);
CREATE UNIQUE INDEX uq_experiments_running ON experiments (environment, endpoint) WHERE status = 'running';
CREATE INDEX ix_decisions_at_id ON decisions (at, id);
CREATE INDEX ix_jobs_decision ON jobs (decision);
CREATE INDEX ix_jobs_endpoint_started ON jobs (endpoint, started);
CREATE INDEX ix_events_at_seq ON events (at, seq);
CREATE INDEX ix_events_seq ON events (seq);
CREATE INDEX ix_events_kind_at_seq ON events (kind, at, seq);
CREATE INDEX ix_alarms_endpoint_opened ON alarms (endpoint, opened);
CREATE INDEX ix_settlements_endpoint_at ON settlements (endpoint, at);
CREATE UNIQUE INDEX ix_tokens_hash ON tokens (hash);
CREATE INDEX ix_tokens_principal ON tokens (principal);
CREATE UNIQUE INDEX ix_principals_name ON principals (name);
CREATE UNIQUE INDEX uq_principals_vouched ON principals (issuer, subject) WHERE issuer != '';
CREATE INDEX ix_attempts_last ON attempts (last);
CREATE INDEX ix_logins_expires ON logins (expires);
CREATE INDEX ix_logins_origin ON logins (origin);
CREATE INDEX ix_approvals_subject ON approvals (subject);
CREATE INDEX ix_approvals_status_asked ON approvals (status, asked);
CREATE UNIQUE INDEX ix_votes_approval_person ON votes (approval, person);
CREATE INDEX ix_comments_at ON comments (at);
CREATE INDEX ix_comments_about_at ON comments (about, at);
CREATE INDEX ix_ledger_principal_seq ON ledger (principal, seq);
CREATE INDEX ix_ledger_event ON ledger (event);
CREATE INDEX ix_subject_limits_mark ON subject_limits (mark);
CREATE INDEX ix_steps_fingerprint_ended ON steps (fingerprint, ended);
COMMIT;
