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
INSERT INTO "acts" VALUES('event_01m8qp3m92xkykdcgdk8nmx6xs',1796091269410579,'run.added','run:run_1','{"fields":["code","cost","ended","environment","error","id","key","outputs","owner","params","parent","pipeline","seed","started","status"],"digest":"f53a16fde72568b346070a1da3ca6ab4bd80524516274b6638fc1d7f9d26132f","status":"running"}','','928930d8a3f08f0d43a5f9da699bc3f0');
INSERT INTO "acts" VALUES('event_01m8qp3mdq4nqw6aqa8aksx6hv',1796091269559391,'dataset version.added','dataset:sales@1','{"fields":["created","dataset","digest","generation","ingest","profile","quarantined","rows","run","time_max","time_min","version"],"digest":"c24526c46fca717b5804f6029294dd552e88ecb9dab3a959fc5e448f54bbcea1"}','','652e6d73c9c84a41cce59d6de7689871');
INSERT INTO "acts" VALUES('event_01m8qp3me0c3c3814x2gtqyxx1',1796091269568261,'model.added','model:shop@1','{"fields":["author","bundle","card","created","data","evaluation_bundle","findings","kind","metrics","name","recipe","run","trained_through","version"],"digest":"ed0e89f557f7824f50349d128ddf1244552443ec211b0ada822836e290fead27"}','','bbc4c65e574ba6acd8f0ed8802e5a5c4');
INSERT INTO "acts" VALUES('event_01m8qp3meabcg8aja1gfxe34qv',1796091269578639,'verdict.added','verdict:verdict_1','{"fields":["at","attestation","blessing","evidence","gate","id","model","passed","verdict"],"digest":"babf8f399de0be2e14bcb342653fe7c954803f8ea44d374a099ab12712a1d8bf"}','','2150aa918e99f3767a4a632a175bde61');
INSERT INTO "acts" VALUES('event_01m8qp3mfh6wnd1qp64phc4sam',1796091269618221,'release.added','release:release_1','{"fields":["attestations","author","created","decision","ended","endpoint","environment","evidence","id","model","override","previous","stage","stage_since","stages","started","status"],"digest":"f628022724384126f271419e300406020bc23c358640f57c15659732b6e52acd","status":"held"}','','7978b495dfdff53d4d5f74eac0de6833');
INSERT INTO "acts" VALUES('event_01m8qp3mfwe936jy61r9rt44v7',1796091269628725,'decision.added','decision:decision_1','{"fields":["action","at","code","endpoint","environment","evidence","evidence_digest","id","policy","reason","run"],"digest":"fa3d41912b9687971ef1ab3ceb310e1b4e85fbd0fdb44e4b28ec6293517ae2d4"}','','a29107add907ceabd538d640c3b954a3');
INSERT INTO "acts" VALUES('event_01m8qp3mgpbahcfz2bsdv2r8qy',1796091269654356,'job.added','job:job_1','{"fields":["code","decision","ended","endpoint","environment","error","id","kind","started","status","subject","times"],"digest":"5853a2f2bac5974872a4577aabf8da38af7a4d60f17d37bbce10637def67f176","status":"running"}','','48b218398e8ee10ea21b0ea6356474c6');
INSERT INTO "acts" VALUES('event_01m8qp3mj68ga98aww2k6d8407',1796091269702211,'alarm.added','alarm:alarm_1','{"fields":["again","answers","blind_below","closed","ended","endpoint","environment","evidence","hurts","id","interval","kind","metric","model","monitor","now","opened","promised","since","subjects","what","window","windows"],"digest":"8d2f520fa4e65346a88bee4b18eee389769d79beb97db4ff5c9792b066207c44"}','','88e5ba87890c3459202cb59f1cc6067e');
INSERT INTO "acts" VALUES('event_01m8qp3mj7n25v23qx6z6pdv74',1796091269703926,'token.added','token:token_1','{"fields":["bound","created","expires","hash","id","name","once","principal","scopes"],"digest":"86ecb69ebeed8a570be166f100e40a5bc9d3026fbfb4adcea1b44495c094ded0"}','','2c15611434cfc3c7fbf799ba09521626');
INSERT INTO "acts" VALUES('event_01m8qp3mjaww3ahq4y4nea979d',1796091269706367,'settlement.added','settlement:settlement_1','{"fields":["at","came","endpoint","environment","expected","id","interval","kind","metric","model","other","reason","requests","settled","subject","subjects","what","when"],"digest":"f25d0055ce950f90e0b3cae4ab670ee38c3dc93a52532240f8927f02386a096a"}','','732572d61821d464bdcea3848a39c05e');
INSERT INTO "acts" VALUES('event_01m8qp3mjd1g564mrtxje08jp0',1796091269709891,'principal.added','principal:principal_1','{"fields":["by","created","disabled","display","id","issuer","key","key_envelope","kind","name","owner","roles","subject"],"digest":"bcf6f8dba51101fc1dd1a1aa9342266d9d368a7c596659d0df879407436db663"}','','0ff487f26aa2e197ad19b9149e7ca251');
INSERT INTO "acts" VALUES('event_01m8qp3mjnvy3rbk0nm9gjct29',1796091269717596,'password.added','principal:principal_1','{"fields":["changed","hash","must_change","principal"],"digest":"68ca9cb3e045e8ebb7d69f6a8ce0e427bc86429153d32a53eaeb19e58e9bfc62"}','','7d1b1eb703e92773055507042a37d802');
INSERT INTO "acts" VALUES('event_01m8qp3mk0r3qn4y0aayvd2de5',1796091269728127,'approval.added','approval:approval_1','{"fields":["asked","asks_reason","author","due","ended","endpoint","environment","four_eyes","id","inputs","inputs_digest","kind","needed","own_key","person","roles","rule","status","subject","who","why"],"digest":"38daeb5c8e8bc39d5c91172ffe8d06b5dea6dff7378f91c671458776c9d1e984","status":"open"}','','5492c2c604a8a3ae582164d742195ce7');
INSERT INTO "acts" VALUES('event_01m8qp3mk9retp32j7w2tkmc1g',1796091269737386,'vote.added','vote:vote_1','{"fields":["approval","at","envelope","id","own_key","person","principal","reason","role","seen","self_approved","who","yes"],"digest":"b624c2328f5e4ace6e14f25ecad9efc035ea66daec2f3e2dcf6d4f621e7dde1b"}','','47131885ab06fc9d84e7b19413806f7d');
INSERT INTO "acts" VALUES('event_01m8qp3mm2sk9dn06sfcwbqtcn',1796091269762133,'comment.added','comment:comment_1','{"fields":["about","at","id","mentions","principal","removed","reply_to","text","who"],"digest":"6175bf807116a6b2a8b4298d2dcb6b002374444c89e988b6c1954f6561814cdf"}','','9b8047d9c82507a23a259816ed6c33ba');
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
INSERT INTO "counters" VALUES('ledger',17);
INSERT INTO "counters" VALUES('releases',1);
INSERT INTO "counters" VALUES('tokens',1796091269709736);
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
INSERT INTO "events" VALUES('event_1',10,'alarm','model:shop@1','{"why":["drift"]}','principal 1',1,'201dcaf4f931b745a3c15792975b250c');
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
INSERT INTO "ledger" VALUES(1,1796091269410579,'','genesis','events:0','','e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855','0000000000000000000000000000000000000000000000000000000000000000','08db909a98d2cfb7a99f020f11401f2552ce190eb8906cf8dbe76a75eb6ed4f6');
INSERT INTO "ledger" VALUES(2,1796091269410579,'','run.added','','event_01m8qp3m92xkykdcgdk8nmx6xs','e8457e65245a258ae4625c06532b675baff137c2306bb810d5e7e01898e3750d','08db909a98d2cfb7a99f020f11401f2552ce190eb8906cf8dbe76a75eb6ed4f6','d9dad4192b107b078771ec7d07e2d30110473426b94a05144ce7fd924be1f2fb');
INSERT INTO "ledger" VALUES(3,1796091269559391,'','dataset version.added','dataset:sales@1','event_01m8qp3mdq4nqw6aqa8aksx6hv','ccba42c3c9b3c1f31a49d0f2bd1fb146c01f8b7506fe295fe260b3cccbaa764b','d9dad4192b107b078771ec7d07e2d30110473426b94a05144ce7fd924be1f2fb','c5c1def1c63b5f4b196b2dc931a3441e2d85fa68f246c958839bec703c4d5cb1');
INSERT INTO "ledger" VALUES(4,1796091269568261,'','model.added','model:shop@1','event_01m8qp3me0c3c3814x2gtqyxx1','aa3dd6764d14896595ef9d410e93e96a545697a6422c68e200a6ffb83c8b8d98','c5c1def1c63b5f4b196b2dc931a3441e2d85fa68f246c958839bec703c4d5cb1','0dea3c316d058f8f9802aa3ff5916a83084f1aa25fd6e1e32d800fa890a21a39');
INSERT INTO "ledger" VALUES(5,1796091269578639,'','verdict.added','','event_01m8qp3meabcg8aja1gfxe34qv','3c21294d68dfa55d2a128e8a54e69d48d21119375130bebb0a9f078eefbad31d','0dea3c316d058f8f9802aa3ff5916a83084f1aa25fd6e1e32d800fa890a21a39','48a9afb805f74941374e55f5b7a5515c31879105b9d885f1a684fd4d4793f95e');
INSERT INTO "ledger" VALUES(6,1796091269618221,'','release.added','','event_01m8qp3mfh6wnd1qp64phc4sam','96f5f4fdb2c373a72656086eccf4254f5cddd12999636cac5156650723bda20f','48a9afb805f74941374e55f5b7a5515c31879105b9d885f1a684fd4d4793f95e','7a494fb5827071c99e587ac389a0cf4e5ad557e20d4b6508a72800d780fccd20');
INSERT INTO "ledger" VALUES(7,1796091269628725,'','decision.added','','event_01m8qp3mfwe936jy61r9rt44v7','b6ca19a960f8105ca28ca449360f0a9dfabb511d5c9c87edce672285e2f4a6b0','7a494fb5827071c99e587ac389a0cf4e5ad557e20d4b6508a72800d780fccd20','48a7d14996043087e7bf63f64acf0f2890db5acb24d91cbb9284919f6a7923a7');
INSERT INTO "ledger" VALUES(8,1796091269654356,'','job.added','job:job_1','event_01m8qp3mgpbahcfz2bsdv2r8qy','020f82d7071e4ee8c59ceab7f47bac19c2d050ec7bc343ac6d179aec9b328fab','48a7d14996043087e7bf63f64acf0f2890db5acb24d91cbb9284919f6a7923a7','e6e67dec16cd81a5ea82ac40fc989e7d9ea35d2d278beacd8db777b7b06e4518');
INSERT INTO "ledger" VALUES(9,1796091269697975,'-','alarm','model:shop@1','event_1','a4e35ff854dd7b7d9311d210b9e1754ba1f1918bef2fc54cc99648a7155ef074','e6e67dec16cd81a5ea82ac40fc989e7d9ea35d2d278beacd8db777b7b06e4518','6b1c49813cfa667b747521f46ae05bc3cc8143fc0d953c819f66278827a580af');
INSERT INTO "ledger" VALUES(10,1796091269702211,'','alarm.added','','event_01m8qp3mj68ga98aww2k6d8407','e2dfadae60c42add7eb8febfeb75b3ddaeab8bb21a082e1effbe3c31b1a780b9','6b1c49813cfa667b747521f46ae05bc3cc8143fc0d953c819f66278827a580af','1be19894a1a5edf5d86c2e626cb9c94ad6be92a8bfb402bf4d89cc9b0ee2480c');
INSERT INTO "ledger" VALUES(11,1796091269703926,'','token.added','','event_01m8qp3mj7n25v23qx6z6pdv74','e1c1766071b6298989c13896d8ed0230944ef30264b2c5a6dfa08f8d156cbb22','1be19894a1a5edf5d86c2e626cb9c94ad6be92a8bfb402bf4d89cc9b0ee2480c','1f2377b54007cbe2b6477301af14fb46360ae029b3ca4f9507f2a33450ed8759');
INSERT INTO "ledger" VALUES(12,1796091269706367,'','settlement.added','','event_01m8qp3mjaww3ahq4y4nea979d','0d12d96121e73c45201254d8473bf116e0cbe05743afd08900f09243fb155c31','1f2377b54007cbe2b6477301af14fb46360ae029b3ca4f9507f2a33450ed8759','828b35bb8e9f46a38f93123068e148ea771c5e5417075c29bb8805be775768ce');
INSERT INTO "ledger" VALUES(13,1796091269709891,'','principal.added','','event_01m8qp3mjd1g564mrtxje08jp0','8efcef05ae26efd3d6ad9a5deb718161a05cb9024e66ea669fd4d83864d2872b','828b35bb8e9f46a38f93123068e148ea771c5e5417075c29bb8805be775768ce','507b7930dc12ca17ba046c756993126e281961dde584d93b3562e1dc81d0ccae');
INSERT INTO "ledger" VALUES(14,1796091269717596,'','password.added','','event_01m8qp3mjnvy3rbk0nm9gjct29','efe12ce27885426c15a6d56a49cbf9e2b18ae3361b1493adee1e2e5fb9dd17b9','507b7930dc12ca17ba046c756993126e281961dde584d93b3562e1dc81d0ccae','cbf66c627f56ccda6de4b4f1579ffa1c6a3080a5befd5512d1a9174a612ea0de');
INSERT INTO "ledger" VALUES(15,1796091269728127,'','approval.added','','event_01m8qp3mk0r3qn4y0aayvd2de5','6a5806f0118135ea7b44efedee7abcd7e21e01fea16a0c06c1c0ece2d5c3d048','cbf66c627f56ccda6de4b4f1579ffa1c6a3080a5befd5512d1a9174a612ea0de','c7ef59263683d65f4f41e0a4fbc83a7f54e26c7f5a48fdbdc693b105082d062e');
INSERT INTO "ledger" VALUES(16,1796091269737386,'','vote.added','','event_01m8qp3mk9retp32j7w2tkmc1g','ff5340cbc620688a045eb9a9e4842b8189e44f3f3a06545ccef443f408119607','c7ef59263683d65f4f41e0a4fbc83a7f54e26c7f5a48fdbdc693b105082d062e','beeeaf0ba6aeff9187c51c6232ec5580c232241d088b14ae9930c1af210057ea');
INSERT INTO "ledger" VALUES(17,1796091269762133,'','comment.added','','event_01m8qp3mm2sk9dn06sfcwbqtcn','8cf2f8c15d2cc9724742e156e3f4ca9f78cb721370a29fb3666dbe1ab0de8b69','beeeaf0ba6aeff9187c51c6232ec5580c232241d088b14ae9930c1af210057ea','3ed8ce6b6708b65ae160058cac0cf46a99e900c1701a06e0cc6c2759f7cae97e');
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
INSERT INTO "releases" VALUES('release_1','shop','model:shop@1','held','[{"share":0.25,"span":10,"requests":200},{"share":1.0}]',0,1000,1000,1001,1002,'release_0','override 1','["load","split"]','decision_1','author 1','{"blessings":{"quality":"blessed"},"refused":["refit"],"approved":{"who":"ann"},"rejected":null,"stages":[],"waits_in":null,"damaged":"","shadow":null,"mirror":null,"bake_until":null,"bake":null,"halted":null,"rolled_back":null,"waits":[],"paused":null,"pauses":[],"uncounted":0,"failed_before":0,"watch":null,"no_way_back":null,"saw":null}','');
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
	CONSTRAINT pk_scorers PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "scorers" VALUES('scorer_1','','host 1','address 1',3,0,1000,1000,3,3,3,'{"shop":{"health":"ok","variants":{}}}');
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
