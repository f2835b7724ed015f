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
INSERT INTO "acts" VALUES('event_01m8r3cvd40dm355s2m2t485d2',1796105203109451,'run.added','run:run_01m8r3cvcvvaxr7skh5cne9a47','{"fields":["code","cost","ended","environment","error","id","key","outputs","owner","params","parent","pipeline","seed","started","status"],"digest":"af2c548c21729a79557d3b3c727a7d43d7587d6d5d528fa6980bd3b20dbb8352","status":"running"}','','3c291e926d9203feff431077a5a42656');
INSERT INTO "acts" VALUES('event_01m8r3cvg63a66bfyhqjfa2qn4',1796105203207654,'dataset version.added','dataset:visits@1','{"fields":["created","dataset","digest","generation","ingest","profile","quarantined","rows","run","time_max","time_min","version"],"digest":"69bb26c9b1fcea5cf20dd7721b6e7160d1f4ef19932b9bd5c5f21e12991ebbaa"}','','e441bf4fa3f16b290c7bafc3189823b4');
INSERT INTO "acts" VALUES('event_01m8r3cvghn4wg6rpe5bp0bmst',1796105203217616,'run.changed','run:run_01m8r3cvcvvaxr7skh5cne9a47','{"fields":["code","cost","ended","error","outputs","status"],"digest":"57e94b046489e4cf51c8d0579a4afdbd58c3eb38e1c037a6451b8faa069dc914","status":"done"}','','7620254dc97253fd1732e5abe78662fc');
INSERT INTO "acts" VALUES('event_01m8r3cvh0xk24ptnc6tcb5z4d',1796105203233233,'run.added','run:run_01m8r3cvgsdq7dwc2qm47vxwwe','{"fields":["code","cost","ended","environment","error","id","key","outputs","owner","params","parent","pipeline","seed","started","status"],"digest":"a40eab34335b7b101870dac64678abcb5576b5369f12ddb0f1b8acfed82cdb6d","status":"running"}','','8fd47d180db391616f7945aed978d05d');
INSERT INTO "acts" VALUES('event_01m8r3cxvr9znrr943pk6c9cz5',1796105205624917,'model.added','model:visits@1','{"fields":["author","bundle","card","created","data","evaluation_bundle","findings","kind","metrics","name","recipe","run","trained_through","version"],"digest":"bc48b6b3827e6153c2bb647db1e2628c485ff7028f15573525defddded1fe865"}','','e3cbcc36d133e63ddbc0ca37bd08b33e');
INSERT INTO "acts" VALUES('event_01m8r3cxvw3x3tp9bz42vazp8p',1796105205628489,'run.changed','run:run_01m8r3cvgsdq7dwc2qm47vxwwe','{"fields":["code","cost","ended","error","outputs","status"],"digest":"fe4345e605eeb918359ecc3d521d88ad815a437bab175e52aa8502c20089be76","status":"done"}','','3ae7923108b67ec257167731ba850b22');
INSERT INTO "acts" VALUES('event_01m8r3cxwdgavraxabxrc8hvcy',1796105205645532,'run.added','run:run_01m8r3cxw4jmnv6xsc9sbsd4sf','{"fields":["code","cost","ended","environment","error","id","key","outputs","owner","params","parent","pipeline","seed","started","status"],"digest":"e574f8295c321b63a19b942749376a09541d685314a697225e2251d341d2c9d3","status":"running"}','','d176968dbe4ba0a21847b18679cc6267');
INSERT INTO "acts" VALUES('event_01m8r3cxy1nk2eshddd6q2x7t2',1796105205698086,'token.added','token:token_01m8r3cxy0yqgnn5mdh8d05zwc','{"fields":["bound","created","expires","hash","id","name","once","principal","scopes"],"digest":"1601d0c7b7a93604eab114d8b6f9546815a9fcbb433d1241bedc9ee83532ea39"}','','173d93b096628bcbe206281a68f65f56');
INSERT INTO "acts" VALUES('event_01m8r3cyj58f0xm26e9g81vhew',1796105206344167,'token.deleted','token:token_01m8r3cxy0yqgnn5mdh8d05zwc','{"fields":[],"digest":"e2447e30b396ce773e83218ec676a72f86e208bcd63384cfc6916139252315b9"}','','434f5d1e308c50a3792a5575e3d594ec');
INSERT INTO "acts" VALUES('event_01m8r3cz0mwbdgrp4txdfzjfzd',1796105206810186,'verdict.added','verdict:verdict_1n5ky096bj9edhr0a3znt8mzx5','{"fields":["at","attestation","blessing","evidence","gate","id","model","passed","verdict"],"digest":"39bac6b48c5a8054c38e471fb03e84ae7ff69c3fea79c972ac02725f48a483ae"}','root','b71ccb3d6ac31b454d786190a2c7fc55');
INSERT INTO "acts" VALUES('event_01m8r3cz0mwmagpqd9thhqnpk9',1796105206810186,'verdict.added','verdict:verdict_0tfz0ndanamvjmd07v2sa3ndgq','{"fields":["at","attestation","blessing","evidence","gate","id","model","passed","verdict"],"digest":"6c0291c88047750e7692dff9144bbbba2df02ed58f9aa3a602bfdf53c092963b"}','root','02d3e5529b31f3e40d9d5937d7dc1cc8');
INSERT INTO "acts" VALUES('event_01m8r3cz0ngffhbec4pybvxhbn',1796105206810186,'verdict.added','verdict:verdict_1yhgdxsp3z8jdbq84x25rn20eg','{"fields":["at","attestation","blessing","evidence","gate","id","model","passed","verdict"],"digest":"4d026cd89b71057b84e573dcac531dab195c1032cced1afaff4186d0e21372d1"}','root','9555923b35db5267047850b8c98c8c05');
INSERT INTO "acts" VALUES('event_01m8r3cz0nttp288saypptmzrr',1796105206810186,'verdict.added','verdict:verdict_175sa72deztzjd3p5c6bkf013k','{"fields":["at","attestation","blessing","evidence","gate","id","model","passed","verdict"],"digest":"a91af47ac795353368d39789671d018a7a91128a2dd2f98098dab13dbbeaf839"}','root','8d580bc17586be93df191f0c517a9107');
INSERT INTO "acts" VALUES('event_01m8r3cz0nejdpb3c1qsr6twd5',1796105206810186,'verdict.added','verdict:verdict_27n50edxs61bjd071z010g3rx4','{"fields":["at","attestation","blessing","evidence","gate","id","model","passed","verdict"],"digest":"7bd7196ebdf27d9bb5410287cf01f1efed3caced753fda10be0a43c682c9dc25"}','root','ee5696db4d9dabd467868430c3acce2f');
INSERT INTO "acts" VALUES('event_01m8r3cz0p9asrd6gjs66cdx18',1796105206810186,'release.added','release:release_4a1yzs6kzm2m2syqstqg77q8xz','{"fields":["attestations","author","created","decision","ended","endpoint","environment","evidence","id","model","override","previous","stage","stage_since","stages","started","status"],"digest":"5c7202ae7ebfaeb209936b9f7b1f2f73e9baebb745c7038424a3c29f91b59737","status":"held"}','root','bf6e651fd8cad35b5555ab81a4b1a2b2');
INSERT INTO "acts" VALUES('event_01m8r3cz0s3am5kxcssxfk13sg',1796105206810186,'release.changed','release:release_4a1yzs6kzm2m2syqstqg77q8xz','{"fields":["evidence","stage","stage_since","started"],"digest":"10a43a13cca16dbd4d4bbfa005ded5ad52325985b1b3a6eaa58e3b4e891448ab"}','root','2cb87fbcdb35d24a9ae1ae23b567d7c0');
INSERT INTO "acts" VALUES('event_01m8r3cz0sj872c3h397qnck8r',1796105206810186,'release.changed','release:release_4a1yzs6kzm2m2syqstqg77q8xz','{"fields":["ended","previous","stage_since","started","status"],"digest":"87142e801ceb4e6e48850b11b81eb1c120ba49b82031d1a0b8cc004470a35775","status":"champion"}','root','73ff0a9ec5f68d2263ab96ea0ed4e3c0');
INSERT INTO "acts" VALUES('event_01m8r3cz0zg8zgm8m7dtpxyger',1796105206815487,'run.changed','run:run_01m8r3cxw4jmnv6xsc9sbsd4sf','{"fields":["code","cost","ended","error","outputs","status"],"digest":"598f7567ffbc73713abf528b17a373af2310adb748e8da75c3da30060562d983","status":"done"}','','f78d0a3b929ce0cffb8e90ffcd5364fe');
INSERT INTO "acts" VALUES('event_01m8r3cz26z0gdvjy4rb7jp8wv',1796105206855342,'run.added','run:run_01m8r3cz22h3era64d8ya6y5nz','{"fields":["code","cost","ended","environment","error","id","key","outputs","owner","params","parent","pipeline","seed","started","status"],"digest":"37bc77b2802807a883383b7b904f178cc28001cd63c7e40d40988e863610bf26","status":"running"}','','b78de3c3495642760e7dc96c1987a9ee');
INSERT INTO "acts" VALUES('event_01m8r3cz3ab4f136ycjgak3zzv',1796105206891135,'dataset version.added','dataset:visits@2','{"fields":["created","dataset","digest","generation","ingest","profile","quarantined","rows","run","time_max","time_min","version"],"digest":"ce97212a3c1afd322633ff3c207e3fc829287080b7722ff0f8dc6e96a89b1f9c"}','','834ce9e8aca6c5feaf1559ccbb961e03');
INSERT INTO "acts" VALUES('event_01m8r3cz3phjen5ax9vxckazka',1796105206903432,'run.changed','run:run_01m8r3cz22h3era64d8ya6y5nz','{"fields":["code","cost","ended","error","outputs","status"],"digest":"0d208ca80b9d617c6ffcba023f5e79819c702ffc767b541dd5841878b8b1273a","status":"done"}','','3de5265d07128a195b5990580446becf');
INSERT INTO "acts" VALUES('event_01m8r3cz4cp4pxm7eve2h8mvxh',1796105206925618,'token.added','token:token_01m8r3cz49c8nmv5dn4jns7k76','{"fields":["bound","created","expires","hash","id","name","once","principal","scopes"],"digest":"95b0fbdf392be3f89213430512800a376ba7187d42b7c6f8d3e406270de71dde"}','','db2c5d4a50b103b94bd37401ddbf9895');
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
INSERT INTO "artifacts" VALUES('sha256:387c79a65b326af1b87b3c1793d23952ddffc50bff38fcceb9d5524e697cb66b','json',3341,1728604800000000);
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
INSERT INTO "artifacts" VALUES('sha256:e277a56d04d09e988f524d847da0932e1182312f985e4e1ca4bc6d93164b0bcd','json',2657,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:d0b7d096829a310579d77f5e5049056da163c6d890e7f2b80d8067fd616100dd','bytes',876,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:48db0fe0981befc1a432ad641ece1370577c5e31fafad5394516e4c856fdd329','bytes',888,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:eeeace128a33f524eb462a8c26380ac8b5bf2163ac1c7cd8abe6543505dd35a6','bytes',936,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:89f155cd6cc607b59039f2016c87612809759a0972332a2fe0f156ae350738b8','bytes',2000,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:b6b59821bc1f37227f6e34db42028459d623ed5c3aac93f6661085d3d05cefcb','bytes',1824,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:b396a83c13c84082e5aaddb377e79179366305b30297548fe36de4e6068e4a02','bytes',15364,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:e8f1afd222722856a27558229a171520726080df3f31df6ec7b5c6ec1862ae42','bytes',1476,1728604800000000);
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
INSERT INTO "counters" VALUES('terms',1796105206852423);
INSERT INTO "counters" VALUES('ledger',26);
INSERT INTO "counters" VALUES('tokens',1796105206924872);
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
INSERT INTO "datasets" VALUES('visits',1,1,'sha256:3a88c0de5cc009eec1d600e3f689f353a5e1860cd6bf5675b4011afb9377630e',1000,0,1728604800000000,'run_01m8r3cvcvvaxr7skh5cne9a47',1725157055000000,1728604759000000,'sha256:892f7b0d739572da6427763464cb9ed53fc7c8d1d9637694e71945b35074a594','ing_1pgarb333ab3qz18rgwk0mwyat');
INSERT INTO "datasets" VALUES('visits',2,1,'sha256:844fa9c1496d1c6ac23fb17b9efc4b70597aec98170a928fcc658f8fdfa9fe3e',1025,0,1728604800000000,'run_01m8r3cz22h3era64d8ya6y5nz',1725157055000000,1728604771000000,'sha256:c7c11e490268924b4beba1af6b87db1ffd6a52d21accb07af65bf11fe78438b5','ing_0h1zyq0adwjdy7wq822gxrjgfb');
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
INSERT INTO "edges" VALUES('run:run_01m8r3cvcvvaxr7skh5cne9a47','dataset:visits@1','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvcvvaxr7skh5cne9a47/ingest','artifact:sha256:926c9351b76ebe8ae2bd656cf65d53a7825dce85671a6795729b762f5e91d858','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvcvvaxr7skh5cne9a47/ingest','dataset:visits@1','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvcvvaxr7skh5cne9a47/ingest','run:run_01m8r3cvcvvaxr7skh5cne9a47','part',1728604800000000);
INSERT INTO "edges" VALUES('dataset:visits@1','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/features','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvgsdq7dwc2qm47vxwwe/features','artifact:sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvgsdq7dwc2qm47vxwwe/features','run:run_01m8r3cvgsdq7dwc2qm47vxwwe','part',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/split','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvgsdq7dwc2qm47vxwwe/split','artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvgsdq7dwc2qm47vxwwe/split','run:run_01m8r3cvgsdq7dwc2qm47vxwwe','part',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/findings','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/findings','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvgsdq7dwc2qm47vxwwe/findings','artifact:sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvgsdq7dwc2qm47vxwwe/findings','run:run_01m8r3cvgsdq7dwc2qm47vxwwe','part',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/search','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/search','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvgsdq7dwc2qm47vxwwe/search','artifact:sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvgsdq7dwc2qm47vxwwe/search','run:run_01m8r3cvgsdq7dwc2qm47vxwwe','part',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/train','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/train','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/train','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvgsdq7dwc2qm47vxwwe/train','artifact:sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvgsdq7dwc2qm47vxwwe/train','artifact:sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvgsdq7dwc2qm47vxwwe/train','run:run_01m8r3cvgsdq7dwc2qm47vxwwe','part',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/evaluate','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/evaluate','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/evaluate','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvgsdq7dwc2qm47vxwwe/evaluate','artifact:sha256:7bc860e3629dd44064afa6a49d61819269799369bebc1fd57218c73264ef6c82','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvgsdq7dwc2qm47vxwwe/evaluate','artifact:sha256:8b37f26730e96794d90cd132c01b9a304220c982282f618b36dd61d4a7ab5f1a','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvgsdq7dwc2qm47vxwwe/evaluate','artifact:sha256:37e0034965744fafa714c915f84934a25ed6db88ff045bb64a6e38fbbad924fd','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvgsdq7dwc2qm47vxwwe/evaluate','run:run_01m8r3cvgsdq7dwc2qm47vxwwe','part',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/describe','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/describe','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/describe','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:7bc860e3629dd44064afa6a49d61819269799369bebc1fd57218c73264ef6c82','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/describe','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:37e0034965744fafa714c915f84934a25ed6db88ff045bb64a6e38fbbad924fd','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/describe','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvgsdq7dwc2qm47vxwwe/describe','artifact:sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvgsdq7dwc2qm47vxwwe/describe','run:run_01m8r3cvgsdq7dwc2qm47vxwwe','part',1728604800000000);
INSERT INTO "edges" VALUES('dataset:visits@1','model:visits@1','trained',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9','model:visits@1','wrote',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1','model:visits@1','wrote',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/register','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/register','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/register','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:7bc860e3629dd44064afa6a49d61819269799369bebc1fd57218c73264ef6c82','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/register','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/register','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/register','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca','step:run_01m8r3cvgsdq7dwc2qm47vxwwe/register','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvgsdq7dwc2qm47vxwwe/register','artifact:sha256:aa7e9fa7888587a6f2f729e21980aed9cde0ef49ca5acac4a3556c09c10788f8','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvgsdq7dwc2qm47vxwwe/register','model:visits@1','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cvgsdq7dwc2qm47vxwwe/register','run:run_01m8r3cvgsdq7dwc2qm47vxwwe','part',1728604800000000);
INSERT INTO "edges" VALUES('model:visits@1','step:run_01m8r3cxw4jmnv6xsc9sbsd4sf/judge','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cxw4jmnv6xsc9sbsd4sf/judge','artifact:sha256:e277a56d04d09e988f524d847da0932e1182312f985e4e1ca4bc6d93164b0bcd','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cxw4jmnv6xsc9sbsd4sf/judge','run:run_01m8r3cxw4jmnv6xsc9sbsd4sf','part',1728604800000000);
INSERT INTO "edges" VALUES('model:visits@1','release:release_4a1yzs6kzm2m2syqstqg77q8xz','released',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:e277a56d04d09e988f524d847da0932e1182312f985e4e1ca4bc6d93164b0bcd','step:run_01m8r3cxw4jmnv6xsc9sbsd4sf/start','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cxw4jmnv6xsc9sbsd4sf/start','artifact:sha256:d1b33b61e5a8efd24a16d03897a09b7721d53e45d28690c18ce4f3733be3d897','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cxw4jmnv6xsc9sbsd4sf/start','release:release_4a1yzs6kzm2m2syqstqg77q8xz','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cxw4jmnv6xsc9sbsd4sf/start','run:run_01m8r3cxw4jmnv6xsc9sbsd4sf','part',1728604800000000);
INSERT INTO "edges" VALUES('file:sha256:e94157c43854ae5f57fba2e3c1ca96ca392049db38094615495586a238694b40','dataset:visits@2','ingested',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:086c683b7ea6de8561af15475b7e895a2b2b241902fc4268265ff4c394d909a0','dataset:visits@2','read',1728604800000000);
INSERT INTO "edges" VALUES('dataset:visits@2','artifact:sha256:c7c11e490268924b4beba1af6b87db1ffd6a52d21accb07af65bf11fe78438b5','wrote',1728604800000000);
INSERT INTO "edges" VALUES('dataset:visits@1','dataset:visits@2','ingested',1728604800000000);
INSERT INTO "edges" VALUES('run:run_01m8r3cz22h3era64d8ya6y5nz','dataset:visits@2','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cz22h3era64d8ya6y5nz/ingest','artifact:sha256:1ea97e2cb1fabacb1e3eb46cc034d5ab3f33bf001017ee4ad74714cfe6a44db3','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cz22h3era64d8ya6y5nz/ingest','dataset:visits@2','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8r3cz22h3era64d8ya6y5nz/ingest','run:run_01m8r3cz22h3era64d8ya6y5nz','part',1728604800000000);
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
INSERT INTO "events" VALUES('evt_4x6s65q03gm3yn8r4ph8ehs49k',1728604800000000,'ingested','dataset:visits@1','{"files":1,"first":"data/visits/a.csv","last":"data/visits/a.csv","rows":1000,"quarantined":0}','',1,'d7d217f0b5ed9a54ffddf0d0a926342b');
INSERT INTO "events" VALUES('event_5yns5173sbh4k14bxyv72crgxj',1728604800000000,'promoted','release:release_4a1yzs6kzm2m2syqstqg77q8xz','{"endpoint":"visits","model":"model:visits@1","previous":null}','root',2,'0073fdbb908f048653987da46b56532e');
INSERT INTO "events" VALUES('evt_5nz7ypgnn4qphx3pw5zkfan1z1',1728604800000000,'ingested','dataset:visits@2','{"files":1,"first":"data/visits/b.csv","last":"data/visits/b.csv","rows":25,"quarantined":0}','',3,'a37a96fe0324a7e5fc0d522cafa001f7');
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
INSERT INTO "ledger" VALUES(1,1796105203109451,'','genesis','events:0','','e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855','0000000000000000000000000000000000000000000000000000000000000000','4c17cdb1fc41d631f11ed767b6892e28a70d8fc3ad48e7c876058cec264e9cbf');
INSERT INTO "ledger" VALUES(2,1796105203109451,'','run.added','run:run_01m8r3cvcvvaxr7skh5cne9a47','event_01m8r3cvd40dm355s2m2t485d2','af2a1eb1739061da00b037a0063aa7bed3496dd526dd918319d53a6cd3122f4f','4c17cdb1fc41d631f11ed767b6892e28a70d8fc3ad48e7c876058cec264e9cbf','a8ddf16b846593ccb13f2699bd895b18752e7575ae567ae22744c80c8620c812');
INSERT INTO "ledger" VALUES(3,1796105203207654,'','dataset version.added','dataset:visits@1','event_01m8r3cvg63a66bfyhqjfa2qn4','a6db71f45318a329f9698b566c5b5fb94514bdb3f029f36151803b59690d9a86','a8ddf16b846593ccb13f2699bd895b18752e7575ae567ae22744c80c8620c812','6f551c5b04246d828c2b7b87c33dc95591eb1090f7818d369e986f55f3282b64');
INSERT INTO "ledger" VALUES(4,1796105203207654,'','ingested','dataset:visits@1','evt_4x6s65q03gm3yn8r4ph8ehs49k','0d650d1bffac3ff99faf88a358e4d1bd4b856fea88cce6e507ea45016ee9f503','6f551c5b04246d828c2b7b87c33dc95591eb1090f7818d369e986f55f3282b64','ff8b7c7b983b8c20fba0c349a3ab8bbfca98319ef4a532ec5b6a65adffc24d27');
INSERT INTO "ledger" VALUES(5,1796105203217616,'','run.changed','run:run_01m8r3cvcvvaxr7skh5cne9a47','event_01m8r3cvghn4wg6rpe5bp0bmst','4a4a914d5f27f664bef78fd99256396979c994079de219dbdd0983aaf6375d29','ff8b7c7b983b8c20fba0c349a3ab8bbfca98319ef4a532ec5b6a65adffc24d27','7790d3cf26b7d4fa2e3c3d629692e35d02579900a98b395ac0d3298bc14302a0');
INSERT INTO "ledger" VALUES(6,1796105203233233,'','run.added','run:run_01m8r3cvgsdq7dwc2qm47vxwwe','event_01m8r3cvh0xk24ptnc6tcb5z4d','ad4d4a69ad3236329a2034990e82e112f219e5272da6df5686455a7f8ba94943','7790d3cf26b7d4fa2e3c3d629692e35d02579900a98b395ac0d3298bc14302a0','15cd18c35f1b30d0c6c3e72d54ec0d15f38cb422d03886fb8b3048a6175a63cb');
INSERT INTO "ledger" VALUES(7,1796105205624917,'','model.added','model:visits@1','event_01m8r3cxvr9znrr943pk6c9cz5','3f669dfbb71c2149d3b2b2132e9e3c6072ceb8389bea94112e067af06df16d08','15cd18c35f1b30d0c6c3e72d54ec0d15f38cb422d03886fb8b3048a6175a63cb','6872af8675a6bcb1049f6e529ede872c82a184cf0c95763e1f16b3daac5e4494');
INSERT INTO "ledger" VALUES(8,1796105205628489,'','run.changed','run:run_01m8r3cvgsdq7dwc2qm47vxwwe','event_01m8r3cxvw3x3tp9bz42vazp8p','ba2f796f63a66fca7f9c170adebad4e156cae8717a5ffbf0168235d0261722fa','6872af8675a6bcb1049f6e529ede872c82a184cf0c95763e1f16b3daac5e4494','26488bceff9ef6de665a879d3da43165e978c2e5cd777263bd1adc6f892db01c');
INSERT INTO "ledger" VALUES(9,1796105205645532,'','run.added','run:run_01m8r3cxw4jmnv6xsc9sbsd4sf','event_01m8r3cxwdgavraxabxrc8hvcy','bacc93d9a9632809a6c6cb092f44f07a26c3b5a59e1045719dce9400093245f2','26488bceff9ef6de665a879d3da43165e978c2e5cd777263bd1adc6f892db01c','73f5d287da6e25eac26ae1dfd46457b5786d87efd0805e881cf4630519e4e1dd');
INSERT INTO "ledger" VALUES(10,1796105205698086,'','token.added','token:token_01m8r3cxy0yqgnn5mdh8d05zwc','event_01m8r3cxy1nk2eshddd6q2x7t2','5c5e1e44a99621da717a6f4fb95b21d4e1874364fe9019f7b73c317772396a19','73f5d287da6e25eac26ae1dfd46457b5786d87efd0805e881cf4630519e4e1dd','c1137b7b29b3c50704a0aa82156e817e4d77f12a3ffcc07562adbefa7ebe8d1d');
INSERT INTO "ledger" VALUES(11,1796105206344167,'','token.deleted','token:token_01m8r3cxy0yqgnn5mdh8d05zwc','event_01m8r3cyj58f0xm26e9g81vhew','f50b201a305ec1024784166f242de983b50d91bc336704e64559f3e64535133a','c1137b7b29b3c50704a0aa82156e817e4d77f12a3ffcc07562adbefa7ebe8d1d','b072a7731d6dbb11412de5f538c0a879c29b83f1cabdbf6dc9c2fc8514d1bc51');
INSERT INTO "ledger" VALUES(12,1796105206810186,'-','verdict.added','verdict:verdict_1n5ky096bj9edhr0a3znt8mzx5','event_01m8r3cz0mwbdgrp4txdfzjfzd','927a448fd466177a933cf303411c62ffd71def5011c4de923142f5fef7ea9e42','b072a7731d6dbb11412de5f538c0a879c29b83f1cabdbf6dc9c2fc8514d1bc51','00251ed959a0cb12fad2b31465009be51626bb4d8a63070fb72d2dce0adbf4c4');
INSERT INTO "ledger" VALUES(13,1796105206810186,'-','verdict.added','verdict:verdict_0tfz0ndanamvjmd07v2sa3ndgq','event_01m8r3cz0mwmagpqd9thhqnpk9','a7377609ea173636d6934b42d6cf9a32ded0c68f9b1b8c12f6e5095422771bf8','00251ed959a0cb12fad2b31465009be51626bb4d8a63070fb72d2dce0adbf4c4','fe8a3452c94a82fba48d8f2be980761e53d28a1ea442123cddb147f499560c45');
INSERT INTO "ledger" VALUES(14,1796105206810186,'-','verdict.added','verdict:verdict_1yhgdxsp3z8jdbq84x25rn20eg','event_01m8r3cz0ngffhbec4pybvxhbn','bc8e22a1cec3a8f1a4b5af24d9036832973337ce01e120b874f1189a4cb56f84','fe8a3452c94a82fba48d8f2be980761e53d28a1ea442123cddb147f499560c45','ff1fa3a9508be3dfc5911433d6cbcd52ac43c350fe82fcb86c391ea239ce5b97');
INSERT INTO "ledger" VALUES(15,1796105206810186,'-','verdict.added','verdict:verdict_175sa72deztzjd3p5c6bkf013k','event_01m8r3cz0nttp288saypptmzrr','d7b0b4e56824fa2d9b5867f20ada11c6f248b4f43a83aadf6072a699360fdda3','ff1fa3a9508be3dfc5911433d6cbcd52ac43c350fe82fcb86c391ea239ce5b97','bd75f3c2bb979c7d5b1dbc9835e737856073c98f4c73d8a7b755bce0bcab5e6e');
INSERT INTO "ledger" VALUES(16,1796105206810186,'-','verdict.added','verdict:verdict_27n50edxs61bjd071z010g3rx4','event_01m8r3cz0nejdpb3c1qsr6twd5','65c72df6115b9ab05af5b2b91f0596e83a55f06e45dced3b2e0c15c77592cbf0','bd75f3c2bb979c7d5b1dbc9835e737856073c98f4c73d8a7b755bce0bcab5e6e','4b9575a34be4b476c4c658c867ea77a2f9efbe4025da9db3883ba25e33bec8c7');
INSERT INTO "ledger" VALUES(17,1796105206810186,'-','release.added','release:release_4a1yzs6kzm2m2syqstqg77q8xz','event_01m8r3cz0p9asrd6gjs66cdx18','6a915c39a016d521aa8dfcd95ac5007d951875075552db4118ef1827e1a661b7','4b9575a34be4b476c4c658c867ea77a2f9efbe4025da9db3883ba25e33bec8c7','cf841d3b8ff388b92fa07cb9adefefb60cddec2333235a540c1a7d2993891468');
INSERT INTO "ledger" VALUES(18,1796105206810186,'-','release.changed','release:release_4a1yzs6kzm2m2syqstqg77q8xz','event_01m8r3cz0s3am5kxcssxfk13sg','3e3442811a0e4a5272c5e686a718990dfb2188bc9405cc322bed46abb0f93f1f','cf841d3b8ff388b92fa07cb9adefefb60cddec2333235a540c1a7d2993891468','70282622bfb9388915ea3b4cbafd29eb6d7f7800b281b58287a6c385c3664ace');
INSERT INTO "ledger" VALUES(19,1796105206810186,'-','release.changed','release:release_4a1yzs6kzm2m2syqstqg77q8xz','event_01m8r3cz0sj872c3h397qnck8r','ffe9945fac2d93dd8b0b60b584733a71e639c0f14270610038538a010f6a3834','70282622bfb9388915ea3b4cbafd29eb6d7f7800b281b58287a6c385c3664ace','d5d2f265cdf073c758739ef1a8a015fcb0bffb974442c4c64e708aacd48d84e6');
INSERT INTO "ledger" VALUES(20,1796105206810186,'-','promoted','release:release_4a1yzs6kzm2m2syqstqg77q8xz','event_5yns5173sbh4k14bxyv72crgxj','b78f94e9f3ff26db24c8d7617ef9ee0decbd41dde9511ed4c6ec858d3877a0cc','d5d2f265cdf073c758739ef1a8a015fcb0bffb974442c4c64e708aacd48d84e6','d3ddc88a1c1ebf01ce4c62b08d08a97b0a60897f1eaab24f48d22e5cf6011a94');
INSERT INTO "ledger" VALUES(21,1796105206815487,'','run.changed','run:run_01m8r3cxw4jmnv6xsc9sbsd4sf','event_01m8r3cz0zg8zgm8m7dtpxyger','5df5aaae38fe99a5cbb9e91262fdd43d8d0fe4e22a312aa9febebb33293a705d','d3ddc88a1c1ebf01ce4c62b08d08a97b0a60897f1eaab24f48d22e5cf6011a94','ea8e5a1ba845c7887271bbc4a41b7d368b55f2f720f44dc7c2ec720ef531e68c');
INSERT INTO "ledger" VALUES(22,1796105206855342,'','run.added','run:run_01m8r3cz22h3era64d8ya6y5nz','event_01m8r3cz26z0gdvjy4rb7jp8wv','322f154fe3f632305aba31b61d19487e6f57421730a8c46b01338a21e62919d9','ea8e5a1ba845c7887271bbc4a41b7d368b55f2f720f44dc7c2ec720ef531e68c','748f9332d0b9cad3b6f2444d0050b9e6dde6a68f19639a93085e06f0e8da5743');
INSERT INTO "ledger" VALUES(23,1796105206891135,'','dataset version.added','dataset:visits@2','event_01m8r3cz3ab4f136ycjgak3zzv','26a596daee8d6f55aae4ebe69743284d883d7e0b8dcd15cc53e4fb88cd81b3cd','748f9332d0b9cad3b6f2444d0050b9e6dde6a68f19639a93085e06f0e8da5743','52ce1ec7a20c1fb80971f0fb0e0103f7ebfd82c8e81b1e935f03f4c3184092d7');
INSERT INTO "ledger" VALUES(24,1796105206891135,'','ingested','dataset:visits@2','evt_5nz7ypgnn4qphx3pw5zkfan1z1','10d472f92868bcaf03f6e8408be003244101d3ad9e50fd24fecd422e764411f1','52ce1ec7a20c1fb80971f0fb0e0103f7ebfd82c8e81b1e935f03f4c3184092d7','4a4f40e1b2c98cceb5f07de74b06cf6786a0baac3490212000db3552aad7444a');
INSERT INTO "ledger" VALUES(25,1796105206903432,'','run.changed','run:run_01m8r3cz22h3era64d8ya6y5nz','event_01m8r3cz3phjen5ax9vxckazka','a16e6a47e079d8a61b8c0cb8ee8e53dee9825e5d1b00031b1e06c9d9340bb401','4a4f40e1b2c98cceb5f07de74b06cf6786a0baac3490212000db3552aad7444a','c82838b1fb3b779a77568bf2d35d14a9c34e7ba27ab99f4dc74c2e645b22a235');
INSERT INTO "ledger" VALUES(26,1796105206925618,'','token.added','token:token_01m8r3cz49c8nmv5dn4jns7k76','event_01m8r3cz4cp4pxm7eve2h8mvxh','a12bb3221cad9d5b140a5ca89d3778b8529399c953f3ac3a846bff5fd95dc1d9','c82838b1fb3b779a77568bf2d35d14a9c34e7ba27ab99f4dc74c2e645b22a235','89c5966eed533722f0c6b211a6466bde36b20f6fb5d86fda19683155c6812333');
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
INSERT INTO "models" VALUES('visits',1,'sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9','sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1','{"bagging_fraction":0.9,"extra_trees":false,"feature_fraction":0.8,"lambda_l2":1.0,"learning_rate":0.05,"method":"trees","min_data_in_leaf":7,"min_data_per_group":25,"num_iterations":71,"num_leaves":31,"task":"classify"}','first','{"above":{"constant":{"auc":{"error":0.011040612289178011,"high":0.49253292918316116,"low":0.4489747814505876,"mean":0.472716718266254,"power":"with 250 requests of 10 units a difference of 0.0309 would be seen in 4 of 5 comparisons","units":10,"visible":0.030931216188277492},"cost":{"error":0.025678842370183596,"high":-0.384,"low":-0.484,"mean":-0.432,"power":"with 250 requests of 10 units a difference of 0.0719 would be seen in 4 of 5 comparisons","units":10,"visible":0.07194146520255933},"log_loss":{"error":0.025161362677955063,"high":-0.5008397490982959,"low":-0.601966301692023,"mean":-0.5536945722322312,"power":"with 250 requests of 10 units a difference of 0.0705 would be seen in 4 of 5 comparisons","units":10,"visible":0.07049170174613822},"pr_auc":{"error":0.030969532718536277,"high":0.47354266564707076,"low":0.3511479669724533,"mean":0.4128059711260547,"power":"with 250 requests of 10 units a difference of 0.0868 would be seen in 4 of 5 comparisons","units":10,"visible":0.08676378507611715}},"linear":{"auc":{"error":0.0070077107881110915,"high":0.021307097103207714,"low":-0.006758284556014546,"mean":0.0070949432404541,"power":"with 250 requests of 10 units a difference of 0.0196 would be seen in 4 of 5 comparisons","units":10,"visible":0.01963269895678281},"cost":{"error":0.00576389583941485,"high":0.0,"low":-0.024,"mean":-0.012,"power":"with 250 requests of 10 units a difference of 0.0161 would be seen in 4 of 5 comparisons","units":10,"visible":0.01614804538244748},"log_loss":{"error":0.022235829409060444,"high":-0.05041121335990416,"low":-0.13605951122296012,"mean":-0.09099200128432301,"power":"with 250 requests of 10 units a difference of 0.0623 would be seen in 4 of 5 comparisons","units":10,"visible":0.06229557098490535},"pr_auc":{"error":0.03188342832056706,"high":0.08603459258542623,"low":-0.04089636920035294,"mean":0.021766139285159258,"power":"with 250 requests of 10 units a difference of 0.0893 would be seen in 4 of 5 comparisons","units":10,"visible":0.08932414148566503}}},"auc":[0.9727167182662538,0.9488761797652098,0.9925500874226224],"baselines":{"constant":{"auc":[0.5,0.5,0.5],"cold":{"n":0},"cost":[0.456,0.416,0.5],"log_loss":[0.6894989744591565,0.6841577187541754,0.6953743557346354],"n":250,"pr_auc":[0.544,0.5,0.584],"units":10,"warm":{"auc":[0.5,0.5,0.5],"cost":[0.456,0.416,0.5],"log_loss":[0.6894989744591565,0.6841577187541754,0.6953743557346354],"n":250,"pr_auc":[0.544,0.5,0.584]}},"linear":{"auc":[0.9656217750257999,0.9374821958709547,0.9898606551134046],"cold":{"n":0},"cost":[0.036,0.016,0.056],"log_loss":[0.2267964035112483,0.14430130623063558,0.31868544395758513],"n":250,"pr_auc":[0.9350398318408956,0.8781822571505437,0.9789485452217126],"units":10,"warm":{"auc":[0.9656217750257999,0.9374821958709547,0.9898606551134046],"cost":[0.036,0.016,0.056],"log_loss":[0.2267964035112483,0.14430130623063558,0.31868544395758513],"n":250,"pr_auc":[0.9350398318408956,0.8781822571505437,0.9789485452217126]}}},"caps":{},"cold":{"n":0},"cost":[0.024,0.008,0.044],"log_loss":[0.13580440222692527,0.09107161973905042,0.18676875978824012],"n":250,"pr_auc":[0.9568059711260546,0.9033915604897533,0.9928441171435628],"units":10,"warm":{"auc":[0.972716718266254,0.9489747814505877,0.9925329291831612],"cost":[0.024,0.008,0.044],"log_loss":[0.13580440222692527,0.09107161973905042,0.18676875978824012],"n":250,"pr_auc":[0.9568059711260546,0.9033915604897533,0.9928441171435628]}}','["dataset:visits@1"]',1728604759000001,'run_01m8r3cvgsdq7dwc2qm47vxwwe','','sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca',1728604800000000,'{"rows":750,"columns":5,"found":[],"answer":"share with came_back true"}');
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
INSERT INTO "releases" VALUES('release_4a1yzs6kzm2m2syqstqg77q8xz','visits','model:visits@1','champion','[{"share":1.0,"span":0,"requests":0}]',0,1728604800000000,1728604800000000,1728604800000000,NULL,NULL,NULL,'["sha256:d0b7d096829a310579d77f5e5049056da163c6d890e7f2b80d8067fd616100dd","sha256:48db0fe0981befc1a432ad641ece1370577c5e31fafad5394516e4c856fdd329","sha256:eeeace128a33f524eb462a8c26380ac8b5bf2163ac1c7cd8abe6543505dd35a6","sha256:89f155cd6cc607b59039f2016c87612809759a0972332a2fe0f156ae350738b8","sha256:b6b59821bc1f37227f6e34db42028459d623ed5c3aac93f6661085d3d05cefcb","sha256:b396a83c13c84082e5aaddb377e79179366305b30297548fe36de4e6068e4a02","sha256:e8f1afd222722856a27558229a171520726080df3f31df6ec7b5c6ec1862ae42"]',NULL,'root','{"blessings":{"infrastructure":"blessed","quality":"blessed"},"refused":[],"approved":null,"rejected":null,"stages":[],"waits_in":null,"damaged":"","shadow":null,"mirror":null,"bake_until":null,"bake":null,"halted":null,"rolled_back":null,"waits":[],"paused":null,"pauses":[],"uncounted":0,"failed_before":0,"watch":null,"no_way_back":null,"saw":null,"policy":""}','');
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
INSERT INTO "runs" VALUES('run_01m8r3cvcvvaxr7skh5cne9a47','data','sha256:72f74a3ba771fc1245fad9d766874ff9dc43270d95d6bd9c1395aa798cd9c7d4','done','host:14888:1866899:9eb22c5f-e54f-4026531836:1',1728604800000000,1728604800000000,NULL,'{"dataset":"visits"}',0,'{}','{"python":"3.11.7","implementation":"cpython","system":"Linux 6.1.0 x86_64","host":"host","cores":2,"threads":{},"pins":"sha256:387c79a65b326af1b87b3c1793d23952ddffc50bff38fcceb9d5524e697cb66b"}','{"cpu_s":0.08591113400000028,"wall_s":0.11530660299831652}','{"version":"sha256:926c9351b76ebe8ae2bd656cf65d53a7825dce85671a6795729b762f5e91d858"}',NULL);
INSERT INTO "runs" VALUES('run_01m8r3cvgsdq7dwc2qm47vxwwe','model','sha256:b6f170cdc6e0f7f72dc1be37e3b9929f56e88d8bf2d51c0ce8e33dfcc62875fa','done','host:14888:1866899:9eb22c5f-e54f-4026531836:2',1728604800000000,1728604800000000,NULL,'{"name":"visits","purpose":"","goal":"","data":["dataset:visits@1"],"timeless":[],"label":"","test":{"by":"time","test":"10 days"},"gap":0,"settings":{"task":"classify","metric":"log_loss","train":null,"trials":1,"budget":null,"details":{"columns":[{"name":"pages","kind":"number","source":"pages","required":false,"categories":[],"column":{"name":"pages","kind":"integer","minimum":0.0},"embedding":null,"place":0},{"name":"spent","kind":"number","source":"spent","required":false,"categories":[],"column":{"name":"spent","kind":"number"},"embedding":null,"place":0},{"name":"member","kind":"category","source":"member","required":false,"categories":[],"column":{"name":"member","kind":"boolean"},"embedding":null,"place":0},{"name":"country","kind":"category","source":"country","required":false,"categories":[],"column":{"name":"country","kind":"string"},"embedding":null,"place":0},{"name":"site","kind":"category","source":"site","required":false,"categories":[],"column":{"name":"site","kind":"string"},"embedding":null,"place":0},{"name":"hour","kind":"hour","source":"ts","required":true,"categories":[],"column":{"name":"ts","kind":"timestamp","required":true,"role":"time"},"embedding":null,"place":0}],"roles":{},"unit":"days","limits":[null,null],"timed":true,"subject":null,"target":"came_back"},"only":null},"incumbent":null,"champion":null,"asked":{},"author":"","ruled":""}',0,'{}','{"python":"3.11.7","implementation":"cpython","system":"Linux 6.1.0 x86_64","host":"host","cores":2,"threads":{},"pins":"sha256:387c79a65b326af1b87b3c1793d23952ddffc50bff38fcceb9d5524e697cb66b"}','{"cpu_s":2.2758038969999994,"wall_s":2.401732207999885}','{"model":"sha256:aa7e9fa7888587a6f2f729e21980aed9cde0ef49ca5acac4a3556c09c10788f8","metrics":"sha256:7bc860e3629dd44064afa6a49d61819269799369bebc1fd57218c73264ef6c82","examined":"sha256:37e0034965744fafa714c915f84934a25ed6db88ff045bb64a6e38fbbad924fd","search":"sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7","card":"sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca"}',NULL);
INSERT INTO "runs" VALUES('run_01m8r3cxw4jmnv6xsc9sbsd4sf','release','sha256:5ba27ee69eba202560f399b565710ff6152efbe57029eadfb6f332685b6168d4','done','host:14888:1866899:9eb22c5f-e54f-4026531836:3',1728604800000000,1728604800000000,NULL,'{"endpoint":"visits","model":"model:visits@1","attempt":0,"override":null,"author":"root","decision":null,"environment":"","principal":""}',0,'{}','{"python":"3.11.7","implementation":"cpython","system":"Linux 6.1.0 x86_64","host":"host","cores":2,"threads":{},"pins":"sha256:387c79a65b326af1b87b3c1793d23952ddffc50bff38fcceb9d5524e697cb66b"}','{"cpu_s":1.0792873900000002,"wall_s":1.1774481719985488}','{"release":"sha256:d1b33b61e5a8efd24a16d03897a09b7721d53e45d28690c18ce4f3733be3d897"}',NULL);
INSERT INTO "runs" VALUES('run_01m8r3cz22h3era64d8ya6y5nz','data','sha256:72f74a3ba771fc1245fad9d766874ff9dc43270d95d6bd9c1395aa798cd9c7d4','done','host:14888:1866899:9eb22c5f-e54f-4026531836:4',1728604800000000,1728604800000000,NULL,'{"dataset":"visits"}',0,'{}','{"python":"3.11.7","implementation":"cpython","system":"Linux 6.1.0 x86_64","host":"host","cores":2,"threads":{},"pins":"sha256:387c79a65b326af1b87b3c1793d23952ddffc50bff38fcceb9d5524e697cb66b"}','{"cpu_s":0.045102490999999745,"wall_s":0.05097079600091092}','{"version":"sha256:1ea97e2cb1fabacb1e3eb46cc034d5ab3f33bf001017ee4ad74714cfe6a44db3"}',NULL);
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
INSERT INTO "settings" VALUES('project_id','"project_01m8r3cts9cty1qqvdw8da5bdh"');
INSERT INTO "settings" VALUES('stores','{"artifacts":"","tables":""}');
INSERT INTO "settings" VALUES('mode','"replay"');
INSERT INTO "settings" VALUES('clock','1728604800000000');
INSERT INTO "settings" VALUES('told:visits','{"contract":"sha256:086c683b7ea6de8561af15475b7e895a2b2b241902fc4268265ff4c394d909a0/came_back","at":1728604800000000,"version":2}');
INSERT INTO "settings" VALUES('gate_key','"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAf7TMdFytM7kipEz/Llb0tj7AavdwdW3WQcuHVhURR/s=\n-----END PUBLIC KEY-----\n"');
INSERT INTO "settings" VALUES('approval_key','"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEABUtq6dgNHX+iLeYFz95qTCSpRZjZ9QC7by7rgAmRlho=\n-----END PUBLIC KEY-----\n"');
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
INSERT INTO "steps" VALUES('run_01m8r3cvcvvaxr7skh5cne9a47','ingest','done',0,'[]','sha256:b688ca29e01d76458abd0377e29c4b53ef0231f69ab24da02d8162c0a28aed16','{"source":{"tidemill.data.pipeline:take_files":"sha256:ca2199d8b38eef0ca489f02f095701825cef2a34513fa44b50df5a6fa3cf9c1d"},"params":{"dataset":"visits"},"inputs":{},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0}','{}','{"result":{"digest":"sha256:926c9351b76ebe8ae2bd656cf65d53a7825dce85671a6795729b762f5e91d858","codec":"json","bytes":227}}','["declared: files come and go by themselves","resource project","resource ingest","reads .tidemill/tables"]',1,1728604800000000,1728604800000000,74890,NULL);
INSERT INTO "steps" VALUES('run_01m8r3cvgsdq7dwc2qm47vxwwe','features','done',0,'[]','sha256:b441e2684ef98397ddb0328141d347ea693fd3b360c667d0eb07b25f05348da8','{"source":{"tidemill.model.pipeline:features":"sha256:c73b30b8b5477383baf8e898c7c44d44049fa74df63b865130caac8c704f15c2"},"params":{"name":"visits","data":["dataset:visits@1"]},"inputs":{},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0,"version":{"data":[{"digest":"sha256:3a88c0de5cc009eec1d600e3f689f353a5e1860cd6bf5675b4011afb9377630e","came":["1728604800000000"],"contract":"sha256:086c683b7ea6de8561af15475b7e895a2b2b241902fc4268265ff4c394d909a0"}],"inputs":["(View(name=''calendar'', entity=None, time=''ts'', value=None, features=(Feature(name=''hour'', op=''hour'', by=None, column=None, half_life=None, window=None, process=None, folder='''', ago=0),)),)","()","(''visit'', ''ts'', ''came_back'', ''pages'', ''spent'', ''member'', ''country'', ''site'')"],"task":"classify"}}','{}','{"result":{"digest":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","codec":"table","bytes":15056}}','["resource project","reads contracts/visits.yaml"]',1,1728604800000000,1728604800000000,6076,NULL);
INSERT INTO "steps" VALUES('run_01m8r3cvgsdq7dwc2qm47vxwwe','split','done',1,'["features"]','sha256:3e8926c742fe087267af3f9d6c7128827440339ff649b8d95bf040447bf27410','{"source":{"tidemill.model.pipeline:split":"sha256:5934723808a5ec69f71034a1f4defdb4280106f7ebde151432c384f129e750b1"},"params":{"rows":{"$input":"rows"},"test":{"by":"time","test":"10 days"},"gap":0},"inputs":{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6"},"libraries":{"msgspec":"0.22.0","tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[]}','{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6"}','{"result":{"digest":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","codec":"json","bytes":122}}','[]',1,1728604800000000,1728604800000000,2856,NULL);
INSERT INTO "steps" VALUES('run_01m8r3cvgsdq7dwc2qm47vxwwe','findings','done',2,'["features","split"]','sha256:52ca8497046722bb21907cb6592876ba3423261006025125647d69d183c4c219','{"source":{"tidemill.model.pipeline:findings":"sha256:e9a896d1183eac097b0f9a507f6376ac89614129903c10ddac24e8adfcf4a37f"},"params":{"rows":{"$input":"rows"},"cut":{"$input":"cut"},"settings":{"task":"classify","metric":"log_loss","train":null,"trials":1,"budget":null,"details":{"columns":[{"name":"pages","kind":"number","source":"pages","required":false,"categories":[],"column":{"name":"pages","kind":"integer","minimum":0.0},"embedding":null,"place":0},{"name":"spent","kind":"number","source":"spent","required":false,"categories":[],"column":{"name":"spent","kind":"number"},"embedding":null,"place":0},{"name":"member","kind":"category","source":"member","required":false,"categories":[],"column":{"name":"member","kind":"boolean"},"embedding":null,"place":0},{"name":"country","kind":"category","source":"country","required":false,"categories":[],"column":{"name":"country","kind":"string"},"embedding":null,"place":0},{"name":"site","kind":"category","source":"site","required":false,"categories":[],"column":{"name":"site","kind":"string"},"embedding":null,"place":0},{"name":"hour","kind":"hour","source":"ts","required":true,"categories":[],"column":{"name":"ts","kind":"timestamp","required":true,"role":"time"},"embedding":null,"place":0}],"roles":{},"unit":"days","limits":[null,null],"timed":true,"subject":null,"target":"came_back"},"only":null}},"inputs":{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217"},"libraries":{"msgspec":"0.22.0","tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"version":"1"}','{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217"}','{"result":{"digest":"sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909","codec":"json","bytes":72}}','[]',1,1728604800000000,1728604800000000,1225589,NULL);
INSERT INTO "steps" VALUES('run_01m8r3cvgsdq7dwc2qm47vxwwe','search','done',3,'["features","split"]','sha256:06a8c56a2873833f686e60b8e0006ead7db013831f38dc30f2f98043bb530e8a','{"source":{"tidemill.model.pipeline:search":"sha256:8b47e7710914251338040fbf0a355db2b5688e39be470936c132f7d90879afa4","tidemill.model.pipeline:BASELINE":"sha256:741d690b3f02473b788b5d233e2f0375bc9f5ddd64d1ea88445035e838fb429a"},"params":{"rows":{"$input":"rows"},"cut":{"$input":"cut"},"settings":{"task":"classify","metric":"log_loss","train":null,"trials":1,"budget":null,"details":{"columns":[{"name":"pages","kind":"number","source":"pages","required":false,"categories":[],"column":{"name":"pages","kind":"integer","minimum":0.0},"embedding":null,"place":0},{"name":"spent","kind":"number","source":"spent","required":false,"categories":[],"column":{"name":"spent","kind":"number"},"embedding":null,"place":0},{"name":"member","kind":"category","source":"member","required":false,"categories":[],"column":{"name":"member","kind":"boolean"},"embedding":null,"place":0},{"name":"country","kind":"category","source":"country","required":false,"categories":[],"column":{"name":"country","kind":"string"},"embedding":null,"place":0},{"name":"site","kind":"category","source":"site","required":false,"categories":[],"column":{"name":"site","kind":"string"},"embedding":null,"place":0},{"name":"hour","kind":"hour","source":"ts","required":true,"categories":[],"column":{"name":"ts","kind":"timestamp","required":true,"role":"time"},"embedding":null,"place":0}],"roles":{},"unit":"days","limits":[null,null],"timed":true,"subject":null,"target":"came_back"},"only":null},"incumbent":null},"inputs":{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217"},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0,"version":"1"}','{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217"}','{"result":{"digest":"sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7","codec":"json","bytes":2037}}','[]',1,1728604800000000,1728604800000000,302264,NULL);
INSERT INTO "steps" VALUES('run_01m8r3cvgsdq7dwc2qm47vxwwe','train','done',4,'["features","split","search"]','sha256:95b4ce59865b266a493f374d25e7f88a0037618b6d135690d21ceb560c491ecd','{"source":{"tidemill.model.pipeline:train":"sha256:2ec3b4f8d7ea96b7590e7875feac244982ea093160cb79b0da27644246e44e85"},"params":{"rows":{"$input":"rows"},"cut":{"$input":"cut"},"settings":{"task":"classify","metric":"log_loss","train":null,"trials":1,"budget":null,"details":{"columns":[{"name":"pages","kind":"number","source":"pages","required":false,"categories":[],"column":{"name":"pages","kind":"integer","minimum":0.0},"embedding":null,"place":0},{"name":"spent","kind":"number","source":"spent","required":false,"categories":[],"column":{"name":"spent","kind":"number"},"embedding":null,"place":0},{"name":"member","kind":"category","source":"member","required":false,"categories":[],"column":{"name":"member","kind":"boolean"},"embedding":null,"place":0},{"name":"country","kind":"category","source":"country","required":false,"categories":[],"column":{"name":"country","kind":"string"},"embedding":null,"place":0},{"name":"site","kind":"category","source":"site","required":false,"categories":[],"column":{"name":"site","kind":"string"},"embedding":null,"place":0},{"name":"hour","kind":"hour","source":"ts","required":true,"categories":[],"column":{"name":"ts","kind":"timestamp","required":true,"role":"time"},"embedding":null,"place":0}],"roles":{},"unit":"days","limits":[null,null],"timed":true,"subject":null,"target":"came_back"},"only":null},"found":{"$input":"found"}},"inputs":{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","found":"sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7"},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":["evaluation_bundle","released"],"seed":0,"version":"1"}','{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","found":"sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7"}','{"evaluation_bundle":{"digest":"sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1","codec":"bundle","bytes":2004},"released":{"digest":"sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9","codec":"bundle","bytes":2004}}','[]',1,1728604800000000,1728604800000000,59070,NULL);
INSERT INTO "steps" VALUES('run_01m8r3cvgsdq7dwc2qm47vxwwe','evaluate','done',5,'["features","split","train"]','sha256:7e5a68ec831245b9d53b35a4191d43ea8b631bb4d57dc712f22c4c43131476bf','{"source":{"tidemill.model.pipeline:evaluate":"sha256:d00e1cb6f147578a92f69fe24e641c2bc01660bb3c24547203824ebddf61ebd0","tidemill.model.pipeline:_champion":"sha256:b82cb2c0165a367e2fe0b3cde81e094b2aac8bce309ae49c685868f609260d27","tidemill.model.pipeline:_twice":"sha256:f0f23c7f7aff2522163879b79a6a6dd5acbeb67ec510a04f9260d48c23e084d1","tidemill.model.pipeline:_above":"sha256:0b402f82df11176cad17428251c4bf1d0b54bc48bb04be500631b81dba1f5550"},"params":{"rows":{"$input":"rows"},"cut":{"$input":"cut"},"settings":{"task":"classify","metric":"log_loss","train":null,"trials":1,"budget":null,"details":{"columns":[{"name":"pages","kind":"number","source":"pages","required":false,"categories":[],"column":{"name":"pages","kind":"integer","minimum":0.0},"embedding":null,"place":0},{"name":"spent","kind":"number","source":"spent","required":false,"categories":[],"column":{"name":"spent","kind":"number"},"embedding":null,"place":0},{"name":"member","kind":"category","source":"member","required":false,"categories":[],"column":{"name":"member","kind":"boolean"},"embedding":null,"place":0},{"name":"country","kind":"category","source":"country","required":false,"categories":[],"column":{"name":"country","kind":"string"},"embedding":null,"place":0},{"name":"site","kind":"category","source":"site","required":false,"categories":[],"column":{"name":"site","kind":"string"},"embedding":null,"place":0},{"name":"hour","kind":"hour","source":"ts","required":true,"categories":[],"column":{"name":"ts","kind":"timestamp","required":true,"role":"time"},"embedding":null,"place":0}],"roles":{},"unit":"days","limits":[null,null],"timed":true,"subject":null,"target":"came_back"},"only":null},"evaluation_bundle":{"$input":"evaluation_bundle"},"champion":null,"asked":{}},"inputs":{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","evaluation_bundle":"sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1"},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":["metrics","answers","examined"],"seed":0,"version":"1"}','{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","evaluation_bundle":"sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1"}','{"metrics":{"digest":"sha256:7bc860e3629dd44064afa6a49d61819269799369bebc1fd57218c73264ef6c82","codec":"json","bytes":3443},"answers":{"digest":"sha256:8b37f26730e96794d90cd132c01b9a304220c982282f618b36dd61d4a7ab5f1a","codec":"arrays","bytes":4832},"examined":{"digest":"sha256:37e0034965744fafa714c915f84934a25ed6db88ff045bb64a6e38fbbad924fd","codec":"json","bytes":36721}}','[]',1,1728604800000000,1728604800000000,431912,NULL);
INSERT INTO "steps" VALUES('run_01m8r3cvgsdq7dwc2qm47vxwwe','describe','done',6,'["split","findings","search","evaluate"]','sha256:3b9676403a2c0d0a7590e0bc2f1871165a22ac4f6be6e8bfdb3d4c82099f6a97','{"source":{"tidemill.model.card.describe:describe":"sha256:13de1825d0aa67c27f67e7afb5991260dea7aa984a33dcd0dc15d73cead3dcd1","tidemill.model.card.describe:_measured":"sha256:855ead1fa5867fd8e83e7dd49b6c65a8c8cd17ecffb534df960ae21a6df74ed5","tidemill.model.card.describe:_row":"sha256:a9284bd3131b3f2cdffdf40572895647536f8481e5f6531afcbe5019354fedbc","tidemill.model.card.describe:_interval":"sha256:87147ed0b448aa1d49e8a9f73ab5df0e44ca69c2faa718c9f0c37df3715110a4","tidemill.model.card.describe:_names":"sha256:467034cfdbd569ae476e4280e3ee7e60568c2fa55c198b3d97d2020828026f6c","tidemill.model.card.describe:twice":"sha256:f844bbd14d7a8c56e4b198f96ceb89d64dfb78ac03ccdac8df20b61b7b755e64","tidemill.model.card.describe:_looked":"sha256:6de028708e75ad4097ae455d98b7e248c28d75f4a05d548f0c8f7fda88b9497d","tidemill.model.card.describe:_chosen":"sha256:aa27a7f89baa63fd522bcef0f7ee1b40510969eb4b512b4294a7478db3cf1be3","tidemill.model.card.describe:_gained":"sha256:eb1f536f6f48aad7bf19cd53d428f6bdc7c434fbfe8761d4d5e4b8ab00e03b9e","tidemill.model.card.describe:_from":"sha256:03c9db70aabeb2c19b4a80c93f558bbf6d383e9983b05dee083e4b0cdee002e8","tidemill.model.card.describe:_reached":"sha256:ddb463c6ca162f51f5437abaf5e3d6aa003f9e3b799cd81d262bd703cd5c8c48","tidemill.model.card.describe:_decides":"sha256:b79a9aa4999adfeeb2a12ff4e804ed71568ee96729ad725abf57b42c5d922af0","tidemill.model.card.describe:_at_half":"sha256:cbe8312c0c218ea5efc3b6120d36f81569d710c4cfbff8bf0ccda14f3e96fb41","tidemill.model.card.describe:_intervals":"sha256:5b43af068c852d387cfed74c62354a52191a71e302dcb2e5aee25fcef1490580","tidemill.model.card.describe:_limits":"sha256:641e2eea0f905f7ae67c2f356f8cfa6e3b798224f60fcf6eea606e2877d3b1f1","tidemill.model.card.describe:_caps":"sha256:b2725ec90fb2ed74437da10564618c18b7c34f2f319848dd4cb9dd4cbd7e9b13","tidemill.model.card.describe:_recipe":"sha256:1f4a33e7ce4c8bcd86325faaf248fea06ea8bd957fe09be4b78651d847d20cda","tidemill.model.card.describe:_setting":"sha256:c4737a61194ff904a1685140d182e10f8595081574f4abcf0ea4fbc502f12bc3"},"params":{"name":"visits","purpose":"","goal":"","cut":{"$input":"cut"},"looked":{"$input":"looked"},"found":{"$input":"found"},"metrics":{"$input":"metrics"},"examined":{"$input":"examined"},"data":["dataset:visits@1"],"timeless":[],"label":"","ruled":"","today":null},"inputs":{"cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","looked":"sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909","found":"sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7","metrics":"sha256:7bc860e3629dd44064afa6a49d61819269799369bebc1fd57218c73264ef6c82","examined":"sha256:37e0034965744fafa714c915f84934a25ed6db88ff045bb64a6e38fbbad924fd"},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[]}','{"cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","looked":"sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909","found":"sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7","metrics":"sha256:7bc860e3629dd44064afa6a49d61819269799369bebc1fd57218c73264ef6c82","examined":"sha256:37e0034965744fafa714c915f84934a25ed6db88ff045bb64a6e38fbbad924fd"}','{"result":{"digest":"sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca","codec":"report","bytes":4196}}','[]',1,1728604800000000,1728604800000000,9126,NULL);
INSERT INTO "steps" VALUES('run_01m8r3cvgsdq7dwc2qm47vxwwe','register','done',7,'["split","findings","search","evaluate","train","describe"]','sha256:be282a9e37659f0d85347d4675de0273745cf3b7da3c40cb8f9de3df9c2bfd08','{"source":{"tidemill.model.pipeline:register":"sha256:f52d85f4af761aec3cbcebc6f58d12d45a7aad44bbd8ab21cd93be4962375dc9","tidemill.model.pipeline:kind_of":"sha256:3b68389c26310462e4452f3ded972efe4ccae039211562ae4eb25773fd5717f6"},"params":{"name":"visits","data":["dataset:visits@1"],"cut":{"$input":"cut"},"looked":{"$input":"looked"},"found":{"$input":"found"},"metrics":{"$input":"metrics"},"evaluation_bundle":{"$input":"evaluation_bundle"},"released":{"$input":"released"},"told":{"$input":"told"},"incumbent":null,"author":""},"inputs":{"cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","looked":"sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909","found":"sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7","metrics":"sha256:7bc860e3629dd44064afa6a49d61819269799369bebc1fd57218c73264ef6c82","evaluation_bundle":"sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1","released":"sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9","told":"sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca"},"libraries":{"msgspec":"0.22.0","tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0}','{"cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","looked":"sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909","found":"sha256:9b03605d819a47692a8f82759f2683a8ff07f647ca473c07466f85da8f2bd9e7","metrics":"sha256:7bc860e3629dd44064afa6a49d61819269799369bebc1fd57218c73264ef6c82","evaluation_bundle":"sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1","released":"sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9","told":"sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca"}','{"result":{"digest":"sha256:aa7e9fa7888587a6f2f729e21980aed9cde0ef49ca5acac4a3556c09c10788f8","codec":"json","bytes":16}}','["declared: writes the model version","resource project"]',1,1728604800000000,1728604800000000,11319,NULL);
INSERT INTO "steps" VALUES('run_01m8r3cxw4jmnv6xsc9sbsd4sf','judge','done',0,'[]','sha256:3e0a18e6e43629b73251c9c1960b2924a465c488c6c2edfa2ff26ca7bfbb4b78','{"source":{"tidemill.release.pipeline:judge":"sha256:c1e95553aa889ab3dc5f90080c239c5cc08ec6581c83f07ef91c40815fc34ffb","tidemill.release.pipeline:GIVEN":"sha256:c26224aa96ea2695f023eb5b098a96d519e45f7b9931daa8c4a95a9f32f03a95","tidemill.release.pipeline:verdict_key":"sha256:47e8b1e4dc6bb55efd814b3ebe97e4f7bbda7cd19a6b30276eb68975768d7434"},"params":{"endpoint":"visits","model":"model:visits@1","attempt":0},"inputs":{},"libraries":{"msgspec":"0.22.0","tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0}','{}','{"result":{"digest":"sha256:e277a56d04d09e988f524d847da0932e1182312f985e4e1ca4bc6d93164b0bcd","codec":"json","bytes":2657}}','["declared: the gates ask the real server, and compare with whoever is champion now","resource project","resource context","reads contracts/visits.yaml","process /srv/.venv/bin/python","network","network (''127.0.0.1'', 44985)"]',1,1728604800000000,1728604800000000,136276,NULL);
INSERT INTO "steps" VALUES('run_01m8r3cxw4jmnv6xsc9sbsd4sf','start','done',1,'["judge"]','sha256:ecb7b8515c4b41a38ba0cf885e0809212e1afd219e30d77164dff2c213cfa2e3','{"source":{"tidemill.release.pipeline:start":"sha256:71bb0bce2ce4d5857fd09af6ea06bf523ffb8c0e083ddd60b83c64149316db98","tidemill.release.pipeline:GIVEN":"sha256:c26224aa96ea2695f023eb5b098a96d519e45f7b9931daa8c4a95a9f32f03a95","tidemill.release.pipeline:_write":"sha256:adb4e86fa64dc99e75b3740590fc9c7b15c7537368a6d808d1f9c024056a0b4d","tidemill.release.pipeline:_events":"sha256:3c809840be91c2dac36674aef3bbf89a7643719b7e9abf550c7e2e2f9d413e3b","tidemill.release.pipeline:release_id":"sha256:2494062152b7b5ef77a24396c244ab7478ee7f8ce0174b2bb5e21277617b3850","tidemill.release.pipeline:_undecided":"sha256:d73a6eab8397b82f2042409a12e6b9a92be8e1555f6416ed9068625ec01f5625","tidemill.release.pipeline:signed":"sha256:e77444b5be9d8038485398153e79098fe569e37c57394fd977d693e8976a89fd","tidemill.release.pipeline:blessings":"sha256:3b7976c980d834434a37c9e3ad43951e5a12e55a567590d0346854860e95543d"},"params":{"endpoint":"visits","model":"model:visits@1","attempt":0,"override":null,"author":"root","decision":null,"judged":{"$input":"judged"},"principal":""},"inputs":{"judged":"sha256:e277a56d04d09e988f524d847da0932e1182312f985e4e1ca4bc6d93164b0bcd"},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0}','{"judged":"sha256:e277a56d04d09e988f524d847da0932e1182312f985e4e1ca4bc6d93164b0bcd"}','{"result":{"digest":"sha256:d1b33b61e5a8efd24a16d03897a09b7721d53e45d28690c18ce4f3733be3d897","codec":"json","bytes":36}}','["declared: signs with a key outside the project, and writes the release","resource project","reads /srv/tmp5vskkodi/home/projects/8ccfc017773a461591f821ac9db9514f","reads contracts/visits.yaml"]',1,1728604800000000,1728604800000000,144712,NULL);
INSERT INTO "steps" VALUES('run_01m8r3cz22h3era64d8ya6y5nz','ingest','done',0,'[]','sha256:b688ca29e01d76458abd0377e29c4b53ef0231f69ab24da02d8162c0a28aed16','{"source":{"tidemill.data.pipeline:take_files":"sha256:ca2199d8b38eef0ca489f02f095701825cef2a34513fa44b50df5a6fa3cf9c1d"},"params":{"dataset":"visits"},"inputs":{},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0}','{}','{"result":{"digest":"sha256:1ea97e2cb1fabacb1e3eb46cc034d5ab3f33bf001017ee4ad74714cfe6a44db3","codec":"json","bytes":227}}','["declared: files come and go by themselves","resource project","resource ingest","reads .tidemill/tables/visits","reads .tidemill/tables/visits/_delta_log","reads .tidemill/tables/visits/_delta_log/00000000000000000002.json"]',1,1728604800000000,1728604800000000,38437,NULL);
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
INSERT INTO "tokens" VALUES('token_01m8r3cz49c8nmv5dn4jns7k76','test','15752c09c20752ef43a05e1bd2a3c54c86bc46e755f9cc6511aa0195e657a5f6','["predict","feedback","items","read","operate","replay"]',1796105206921249,NULL,0,'','');
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
INSERT INTO "verdicts" VALUES('verdict_1n5ky096bj9edhr0a3znt8mzx5','model:visits@1','infrastructure','infrastructure',1,'','{"errors":[],"requests":60,"said":"loaded, and all 60 answers are the offline ones","wrong":[],"wrong_in_all":0}','sha256:d0b7d096829a310579d77f5e5049056da163c6d890e7f2b80d8067fd616100dd',1728604800000000);
INSERT INTO "verdicts" VALUES('verdict_0tfz0ndanamvjmd07v2sa3ndgq','model:visits@1','latency','infrastructure',1,'','{"best_us":150,"limit":"1 s","rounds_us":[1677,158,153,279,150],"said":"p99 0.1 ms in the best of 5 rounds, the limit is 1 s"}','sha256:48db0fe0981befc1a432ad641ece1370577c5e31fafad5394516e4c856fdd329',1728604800000000);
INSERT INTO "verdicts" VALUES('verdict_1yhgdxsp3z8jdbq84x25rn20eg','model:visits@1','leakage','quality',1,'','{"allowed":[],"columns":5,"found":[],"key":"sha256:60acac77344b4c9fbe81e1c17abd2ba1bbda937ae8ebbef9ebeae28f224d501b","said":"none of 5 columns is seen to know the label"}','sha256:eeeace128a33f524eb462a8c26380ac8b5bf2163ac1c7cd8abe6543505dd35a6',1728604800000000);
INSERT INTO "verdicts" VALUES('verdict_175sa72deztzjd3p5c6bkf013k','model:visits@1','method','quality',1,'promoted','{"baseline":"prior","comparison":{"candidate":0.13580440222692527,"difference":0.5536945722322313,"error":0.03654746702151401,"freedom":9.0,"gain":0.8030390076599457,"high":0.8857151219647948,"low":0.7084746422014871,"metric":"log_loss","other":0.6894989744591565,"requests":250,"skewness":-0.5493511907704701,"subjects":10,"unit":"days","windows":1},"expected":0.8030390076599457,"key":"sha256:60acac77344b4c9fbe81e1c17abd2ba1bbda937ae8ebbef9ebeae28f224d501b","looks":1,"margin":0.02,"needed":5162,"pair":"sha256:5ee73f1422a44e4d9647d826654f9685c0295b86545c6bbee82e0c6ff465fad3","power":"minimum detectable change 9.1 % (95 % confidence, 80 % power)","recipe":{"method":"constant","task":"classify"},"said":"better than prior, the best baseline: log_loss 0.1358 against 0.6895 (+80.3 %, 95 %: +70.8 to +88.6 %) on 250 requests of 10 days in this window; both fitted anew before each window","span":864000000000,"through":1728604759000001,"verdict":"promoted"}','sha256:89f155cd6cc607b59039f2016c87612809759a0972332a2fe0f156ae350738b8',1728604800000000);
INSERT INTO "verdicts" VALUES('verdict_27n50edxs61bjd071z010g3rx4','model:visits@1','baseline','quality',1,'promoted','{"baselines":{"prior":0.8030390076599457},"comparison":{"candidate":0.13580440222692527,"difference":0.5536945722322313,"error":0.03654746702151401,"freedom":9.0,"gain":0.8030390076599457,"high":0.8857151219647948,"low":0.7084746422014871,"metric":"log_loss","other":0.6894989744591565,"requests":250,"skewness":-0.5493511907704701,"subjects":10,"unit":"days","windows":1},"expected":0.8030390076599457,"judged":1728604759000001,"key":"sha256:60acac77344b4c9fbe81e1c17abd2ba1bbda937ae8ebbef9ebeae28f224d501b","lead":0.8030390076599457,"margin":0.02,"needed":5162,"power":"minimum detectable change 9.1 % (95 % confidence, 80 % power)","said":"better than prior: log_loss 0.1358 against 0.6895 (+80.3 %, 95 %: +70.8 to +88.6 %) on 250 requests of 10 days in this window; both fitted anew before each window","verdict":"promoted"}','sha256:b6b59821bc1f37227f6e34db42028459d623ed5c3aac93f6661085d3d05cefcb',1728604800000000);
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
