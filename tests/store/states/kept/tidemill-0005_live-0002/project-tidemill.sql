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
INSERT INTO "acts" VALUES('event_01m8s1jfk5banqbg283dmth33e',1796136844901341,'run.added','run:run_01m8s1jfjxc56608n3s08nf8y0','{"fields":["code","cost","ended","environment","error","id","key","outputs","owner","params","parent","pipeline","seed","started","status"],"digest":"e864e90927595c287b6c6300ee0d19c7b9d7ea7d160ac833c78fe7c238603864","status":"running"}','','87878a9afbda0b10fe1a62d0869e8a8d');
INSERT INTO "acts" VALUES('event_01m8s1jfnt4atph04mza0z9kw2',1796136844986891,'dataset version.added','dataset:visits@1','{"fields":["created","dataset","digest","generation","ingest","profile","quarantined","rows","run","time_max","time_min","version"],"digest":"14f07107a47bac5362b91a0275ecaebe2bdcd3503593516f4eebbbc1628a47a4"}','','03f79f8f1bbca9a0965d4f9b862d3fba');
INSERT INTO "acts" VALUES('event_01m8s1jfp98gxnhfgz600my12h',1796136845001748,'run.changed','run:run_01m8s1jfjxc56608n3s08nf8y0','{"fields":["code","cost","ended","error","outputs","status"],"digest":"a0b92f1674a611fe65d85080a70b201824c4354be5b57062eefb20e3510948ea","status":"done"}','','52323288d23fdc6f57369dc8e3dfd7a3');
INSERT INTO "acts" VALUES('event_01m8s1jfpsrmwtc0xpgnt401z9',1796136845017445,'run.added','run:run_01m8s1jfphasy07n802xh1ge4x','{"fields":["code","cost","ended","environment","error","id","key","outputs","owner","params","parent","pipeline","seed","started","status"],"digest":"2e29b9ba27086cbdbeba4d090976d07acb6939916b7462f16d507f1de0b622d9","status":"running"}','','e99d3df8dd4a7fb3bbb22050237e4a95');
INSERT INTO "acts" VALUES('event_01m8s1jhs9k0h4h2tn6jn9k1mk',1796136847145339,'model.added','model:visits@1','{"fields":["author","bundle","card","created","data","evaluation_bundle","findings","kind","metrics","name","recipe","run","trained_through","version"],"digest":"41c24d0c733582b3e9a7b8aabe92d189af92d83085bd34b123f41398d63fdb46"}','','937dd88dc9ad3497ed71634fa6583b30');
INSERT INTO "acts" VALUES('event_01m8s1jhsffmwgbt0j8n4cv039',1796136847151362,'run.changed','run:run_01m8s1jfphasy07n802xh1ge4x','{"fields":["code","cost","ended","error","outputs","status"],"digest":"439273f210ebf363dd090c2ad81871d174127eedbf78fb7a05386879662f3bfe","status":"done"}','','1f58085fc5699438bcc60404d3522baf');
INSERT INTO "acts" VALUES('event_01m8s1jht110azzxqts45xd0z0',1796136847169962,'run.added','run:run_01m8s1jhsqpfwt720wt6sfzdbk','{"fields":["code","cost","ended","environment","error","id","key","outputs","owner","params","parent","pipeline","seed","started","status"],"digest":"8ef3ba78521ad3ec4cb9e710fb785ec4ab559c75e544f2da14f6adcec2fbfef6","status":"running"}','','85cf324b65c1195b1d9bf0d7d7c846bd');
INSERT INTO "acts" VALUES('event_01m8s1jhvc1hk3q9eg1eyxzr8f',1796136847212670,'token.added','token:token_01m8s1jhvbpjyqp6czaxt4xffy','{"fields":["bound","created","expires","hash","id","name","once","principal","scopes"],"digest":"f498d2ffb5ecb7da4d265e1004d79aba03d5dd688c1acc66409dfd2a025cbd78"}','','a0d9a37329e6a661d6356b6f44c1a10d');
INSERT INTO "acts" VALUES('event_01m8s1jjbgfkabt9qnt7twxqx3',1796136847729819,'token.deleted','token:token_01m8s1jhvbpjyqp6czaxt4xffy','{"fields":[],"digest":"1a27c070556bc92c198a6de4f0ccc39b72d955adccab497ab4688fc1f517e333"}','','94623914bf16191ddbc0715fde412c34');
INSERT INTO "acts" VALUES('event_01m8s1jjqshxj5ygzd9w99f4r7',1796136848126938,'verdict.added','verdict:verdict_1n5ky096bj9edhr0a3znt8mzx5','{"fields":["at","attestation","blessing","evidence","gate","id","model","passed","verdict"],"digest":"0ce80b16b02cb7e2648fdc94e4248cea9864b24d640b5e6ab54b931021d64a2a"}','root','b9b48f22a3734baa2bd5d3dd351fdcbf');
INSERT INTO "acts" VALUES('event_01m8s1jjqs1ewz1j0xhmbbgn0y',1796136848126938,'verdict.added','verdict:verdict_0tfz0ndanamvjmd07v2sa3ndgq','{"fields":["at","attestation","blessing","evidence","gate","id","model","passed","verdict"],"digest":"30b0f4fa3d342d0b1dc2cc27da3503b971f2595128b274de67f80aed0af5a874"}','root','781a16c9b38237c1114acd214e4adfc9');
INSERT INTO "acts" VALUES('event_01m8s1jjqsnyb2zrwqw3dx9bj9',1796136848126938,'verdict.added','verdict:verdict_1yhgdxsp3z8jdbq84x25rn20eg','{"fields":["at","attestation","blessing","evidence","gate","id","model","passed","verdict"],"digest":"b7882b81e6c51d135798dc05fac43bea3bdd5472e1daef88757760342b8d99ca"}','root','be62097df1a5a0b3d7c111b69b486c98');
INSERT INTO "acts" VALUES('event_01m8s1jjqse0fq6btbm6spkfgh',1796136848126938,'verdict.added','verdict:verdict_175sa72deztzjd3p5c6bkf013k','{"fields":["at","attestation","blessing","evidence","gate","id","model","passed","verdict"],"digest":"5ddaa572e3436659d470b920fb789c5060618894c51fa8f7e85b4a42f1833e6c"}','root','a28a337ddcb6365ec01c9f9756656731');
INSERT INTO "acts" VALUES('event_01m8s1jjqsant04ac8v1by7xvm',1796136848126938,'verdict.added','verdict:verdict_27n50edxs61bjd071z010g3rx4','{"fields":["at","attestation","blessing","evidence","gate","id","model","passed","verdict"],"digest":"7e4e4a1e2b64a5e454eb30e031623e17edea89a7e3651112843855e87e0e77ff"}','root','15fafa4d3d3650921bccac8502cf140d');
INSERT INTO "acts" VALUES('event_01m8s1jjqt4n5v0b7ed9r22ajp',1796136848126938,'release.added','release:release_4a1yzs6kzm2m2syqstqg77q8xz','{"fields":["attestations","author","created","decision","ended","endpoint","environment","evidence","id","model","override","previous","stage","stage_since","stages","started","status"],"digest":"d2897477830c224e579032c6fb9465c0b37e2805aec7defaf0830066ee157713","status":"held"}','root','421c8eef63a04946fa95e6b8c8ab9d9c');
INSERT INTO "acts" VALUES('event_01m8s1jjqy3r44xgdr1ye7azry',1796136848126938,'release.changed','release:release_4a1yzs6kzm2m2syqstqg77q8xz','{"fields":["evidence","stage","stage_since","started"],"digest":"a7cf3cbd2f42961586d94a5863cfebd2fef79001b6deb4773ef69db9049138a4"}','root','de230c2fb4408ab7d94450b976dca2cb');
INSERT INTO "acts" VALUES('event_01m8s1jjqy9x8vbbkawq4wc0gt',1796136848126938,'release.changed','release:release_4a1yzs6kzm2m2syqstqg77q8xz','{"fields":["ended","previous","stage_since","started","status"],"digest":"894acfee6d50a6f2ea5fbfb7cec1db50d5b0f701e9e5ab0aef2f14a13356adfb","status":"champion"}','root','b6a06e945206511e7deeb0074e0c60e9');
INSERT INTO "acts" VALUES('event_01m8s1jjr3z7ydpft2a2kgbdqa',1796136848131807,'run.changed','run:run_01m8s1jhsqpfwt720wt6sfzdbk','{"fields":["code","cost","ended","error","outputs","status"],"digest":"eb9978677bcb75fe3fcf1068b54f37236f40a1ad2791ad6b93767d7d6c1a395c","status":"done"}','','0878be488b93b6e5924aea5b92a2af48');
INSERT INTO "acts" VALUES('event_01m8s1jjrw4pc5a0aed211zyfq',1796136848156568,'run.added','run:run_01m8s1jjrsmddks20j79xh1q7h','{"fields":["code","cost","ended","environment","error","id","key","outputs","owner","params","parent","pipeline","seed","started","status"],"digest":"7e3c79a0f15c57551bdbaccaafdf91e355d0616fcb4e694e2058428f504f2fbd","status":"running"}','','fa214a96b2336f2ce435c2e1310290dd');
INSERT INTO "acts" VALUES('event_01m8s1jjsvqjvx71fxnsthr7fs',1796136848187979,'dataset version.added','dataset:visits@2','{"fields":["created","dataset","digest","generation","ingest","profile","quarantined","rows","run","time_max","time_min","version"],"digest":"7ec76c73d448eb3787f562fd66a836cca24cdf1549dc1d0d3b41f246f644288a"}','','0aaa262edeb2cb2102fa0dbd3f1f29eb');
INSERT INTO "acts" VALUES('event_01m8s1jjt6gz1w3c90j84gsbq0',1796136848199265,'run.changed','run:run_01m8s1jjrsmddks20j79xh1q7h','{"fields":["code","cost","ended","error","outputs","status"],"digest":"f4f4d96d6c4ed1a02a697b206d3ccbac1ee434614f1c4de3484c1db707ad19b4","status":"done"}','','2f1531862241bbc52a65e302c57a1a15');
INSERT INTO "acts" VALUES('event_01m8s1jjthe12q48j3wdbwmggk',1796136848209830,'token.added','token:token_01m8s1jjthpraje5gpw18bhagz','{"fields":["bound","created","expires","hash","id","name","once","principal","scopes"],"digest":"17fd600928efd12088cbb8a8da2b6ef8087e3d10cc6cf500baf861e989920e82"}','','9b9561d7b889257980cace1a93cac019');
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
INSERT INTO "artifacts" VALUES('sha256:d8e9cef9cea0e004eaaff436f7bad5f5eb47fc585f8fcd778c8064193787d43d','json',2042,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:2e0c5eb78fe2c100d60ff039a8c31c7a29551bae5663eb845e98c412e4c799d4','bytes',120365,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1','bundle',2004,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:bcee50bdd041e2ae6b45e74884c413bbea12c4ec79785f67ede3b4ca73d0bb62','bytes',124601,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9','bundle',2004,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:7764a067cbfd34c940795447afb69433dbf4927777cba6a6b6d795ee8004373d','json',3441,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:8b37f26730e96794d90cd132c01b9a304220c982282f618b36dd61d4a7ab5f1a','arrays',4832,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:e5fd2f5c60efe3ddbc61563f76efd2bd75e9bd5e224201068ad0374730dd282c','json',36713,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca','report',4196,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:aa7e9fa7888587a6f2f729e21980aed9cde0ef49ca5acac4a3556c09c10788f8','json',16,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:f78ab72542da57301f1abc8c084320d833a2b231ce647afe0aebb65ee8f8d295','json',2657,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:daa4b58d6a51d1ff3604cc1f781b5520d387866d97edf1ad28e5c19a0ae5badf','bytes',876,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:e00b07d3732ad2e6fae2eb3ff3cf0b095e00191c9ba5e18ea5e78044662fb1c6','bytes',888,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:fdda3726571c44659c4e668fc31e4414d86d5b6c451a006bd5ee472ac55762f8','bytes',936,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:d3bae20a1f9de176d8ece767b0c3661895b6499f0ed0a71d4608e8212de55217','bytes',2000,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:c5618de040b44dba1b12548cdfb8887d137ec19e9b0e345f1e76574e9968e799','bytes',1824,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:2b9229f724f4143771c5be9120bdc9030075313ec3894ff361280f1c07e81c23','bytes',15424,1728604800000000);
INSERT INTO "artifacts" VALUES('sha256:208b0bcf2db9073cd79c619cb2ac3764a9a1c4f2d4c695ed996c042190019d84','bytes',1476,1728604800000000);
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
INSERT INTO "counters" VALUES('terms',1796136848155759);
INSERT INTO "counters" VALUES('ledger',26);
INSERT INTO "counters" VALUES('tokens',1796136848209683);
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
INSERT INTO "datasets" VALUES('visits',1,1,'sha256:3a88c0de5cc009eec1d600e3f689f353a5e1860cd6bf5675b4011afb9377630e',1000,0,1728604800000000,'run_01m8s1jfjxc56608n3s08nf8y0',1725157055000000,1728604759000000,'sha256:892f7b0d739572da6427763464cb9ed53fc7c8d1d9637694e71945b35074a594','ing_1pgarb333ab3qz18rgwk0mwyat');
INSERT INTO "datasets" VALUES('visits',2,1,'sha256:844fa9c1496d1c6ac23fb17b9efc4b70597aec98170a928fcc658f8fdfa9fe3e',1025,0,1728604800000000,'run_01m8s1jjrsmddks20j79xh1q7h',1725157055000000,1728604771000000,'sha256:c7c11e490268924b4beba1af6b87db1ffd6a52d21accb07af65bf11fe78438b5','ing_0h1zyq0adwjdy7wq822gxrjgfb');
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
INSERT INTO "edges" VALUES('run:run_01m8s1jfjxc56608n3s08nf8y0','dataset:visits@1','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfjxc56608n3s08nf8y0/ingest','artifact:sha256:926c9351b76ebe8ae2bd656cf65d53a7825dce85671a6795729b762f5e91d858','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfjxc56608n3s08nf8y0/ingest','dataset:visits@1','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfjxc56608n3s08nf8y0/ingest','run:run_01m8s1jfjxc56608n3s08nf8y0','part',1728604800000000);
INSERT INTO "edges" VALUES('dataset:visits@1','step:run_01m8s1jfphasy07n802xh1ge4x/features','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfphasy07n802xh1ge4x/features','artifact:sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfphasy07n802xh1ge4x/features','run:run_01m8s1jfphasy07n802xh1ge4x','part',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6','step:run_01m8s1jfphasy07n802xh1ge4x/split','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfphasy07n802xh1ge4x/split','artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfphasy07n802xh1ge4x/split','run:run_01m8s1jfphasy07n802xh1ge4x','part',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6','step:run_01m8s1jfphasy07n802xh1ge4x/findings','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','step:run_01m8s1jfphasy07n802xh1ge4x/findings','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfphasy07n802xh1ge4x/findings','artifact:sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfphasy07n802xh1ge4x/findings','run:run_01m8s1jfphasy07n802xh1ge4x','part',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6','step:run_01m8s1jfphasy07n802xh1ge4x/search','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','step:run_01m8s1jfphasy07n802xh1ge4x/search','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfphasy07n802xh1ge4x/search','artifact:sha256:d8e9cef9cea0e004eaaff436f7bad5f5eb47fc585f8fcd778c8064193787d43d','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfphasy07n802xh1ge4x/search','run:run_01m8s1jfphasy07n802xh1ge4x','part',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6','step:run_01m8s1jfphasy07n802xh1ge4x/train','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','step:run_01m8s1jfphasy07n802xh1ge4x/train','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:d8e9cef9cea0e004eaaff436f7bad5f5eb47fc585f8fcd778c8064193787d43d','step:run_01m8s1jfphasy07n802xh1ge4x/train','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfphasy07n802xh1ge4x/train','artifact:sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfphasy07n802xh1ge4x/train','artifact:sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfphasy07n802xh1ge4x/train','run:run_01m8s1jfphasy07n802xh1ge4x','part',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6','step:run_01m8s1jfphasy07n802xh1ge4x/evaluate','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','step:run_01m8s1jfphasy07n802xh1ge4x/evaluate','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1','step:run_01m8s1jfphasy07n802xh1ge4x/evaluate','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfphasy07n802xh1ge4x/evaluate','artifact:sha256:7764a067cbfd34c940795447afb69433dbf4927777cba6a6b6d795ee8004373d','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfphasy07n802xh1ge4x/evaluate','artifact:sha256:8b37f26730e96794d90cd132c01b9a304220c982282f618b36dd61d4a7ab5f1a','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfphasy07n802xh1ge4x/evaluate','artifact:sha256:e5fd2f5c60efe3ddbc61563f76efd2bd75e9bd5e224201068ad0374730dd282c','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfphasy07n802xh1ge4x/evaluate','run:run_01m8s1jfphasy07n802xh1ge4x','part',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','step:run_01m8s1jfphasy07n802xh1ge4x/describe','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909','step:run_01m8s1jfphasy07n802xh1ge4x/describe','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:d8e9cef9cea0e004eaaff436f7bad5f5eb47fc585f8fcd778c8064193787d43d','step:run_01m8s1jfphasy07n802xh1ge4x/describe','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:7764a067cbfd34c940795447afb69433dbf4927777cba6a6b6d795ee8004373d','step:run_01m8s1jfphasy07n802xh1ge4x/describe','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:e5fd2f5c60efe3ddbc61563f76efd2bd75e9bd5e224201068ad0374730dd282c','step:run_01m8s1jfphasy07n802xh1ge4x/describe','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfphasy07n802xh1ge4x/describe','artifact:sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfphasy07n802xh1ge4x/describe','run:run_01m8s1jfphasy07n802xh1ge4x','part',1728604800000000);
INSERT INTO "edges" VALUES('dataset:visits@1','model:visits@1','trained',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9','model:visits@1','wrote',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1','model:visits@1','wrote',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217','step:run_01m8s1jfphasy07n802xh1ge4x/register','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909','step:run_01m8s1jfphasy07n802xh1ge4x/register','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:d8e9cef9cea0e004eaaff436f7bad5f5eb47fc585f8fcd778c8064193787d43d','step:run_01m8s1jfphasy07n802xh1ge4x/register','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:7764a067cbfd34c940795447afb69433dbf4927777cba6a6b6d795ee8004373d','step:run_01m8s1jfphasy07n802xh1ge4x/register','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1','step:run_01m8s1jfphasy07n802xh1ge4x/register','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9','step:run_01m8s1jfphasy07n802xh1ge4x/register','read',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca','step:run_01m8s1jfphasy07n802xh1ge4x/register','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfphasy07n802xh1ge4x/register','artifact:sha256:aa7e9fa7888587a6f2f729e21980aed9cde0ef49ca5acac4a3556c09c10788f8','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfphasy07n802xh1ge4x/register','model:visits@1','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jfphasy07n802xh1ge4x/register','run:run_01m8s1jfphasy07n802xh1ge4x','part',1728604800000000);
INSERT INTO "edges" VALUES('model:visits@1','step:run_01m8s1jhsqpfwt720wt6sfzdbk/judge','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jhsqpfwt720wt6sfzdbk/judge','artifact:sha256:f78ab72542da57301f1abc8c084320d833a2b231ce647afe0aebb65ee8f8d295','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jhsqpfwt720wt6sfzdbk/judge','run:run_01m8s1jhsqpfwt720wt6sfzdbk','part',1728604800000000);
INSERT INTO "edges" VALUES('model:visits@1','release:release_4a1yzs6kzm2m2syqstqg77q8xz','released',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:f78ab72542da57301f1abc8c084320d833a2b231ce647afe0aebb65ee8f8d295','step:run_01m8s1jhsqpfwt720wt6sfzdbk/start','read',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jhsqpfwt720wt6sfzdbk/start','artifact:sha256:d1b33b61e5a8efd24a16d03897a09b7721d53e45d28690c18ce4f3733be3d897','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jhsqpfwt720wt6sfzdbk/start','release:release_4a1yzs6kzm2m2syqstqg77q8xz','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jhsqpfwt720wt6sfzdbk/start','run:run_01m8s1jhsqpfwt720wt6sfzdbk','part',1728604800000000);
INSERT INTO "edges" VALUES('file:sha256:e94157c43854ae5f57fba2e3c1ca96ca392049db38094615495586a238694b40','dataset:visits@2','ingested',1728604800000000);
INSERT INTO "edges" VALUES('artifact:sha256:086c683b7ea6de8561af15475b7e895a2b2b241902fc4268265ff4c394d909a0','dataset:visits@2','read',1728604800000000);
INSERT INTO "edges" VALUES('dataset:visits@2','artifact:sha256:c7c11e490268924b4beba1af6b87db1ffd6a52d21accb07af65bf11fe78438b5','wrote',1728604800000000);
INSERT INTO "edges" VALUES('dataset:visits@1','dataset:visits@2','ingested',1728604800000000);
INSERT INTO "edges" VALUES('run:run_01m8s1jjrsmddks20j79xh1q7h','dataset:visits@2','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jjrsmddks20j79xh1q7h/ingest','artifact:sha256:1ea97e2cb1fabacb1e3eb46cc034d5ab3f33bf001017ee4ad74714cfe6a44db3','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jjrsmddks20j79xh1q7h/ingest','dataset:visits@2','wrote',1728604800000000);
INSERT INTO "edges" VALUES('step:run_01m8s1jjrsmddks20j79xh1q7h/ingest','run:run_01m8s1jjrsmddks20j79xh1q7h','part',1728604800000000);
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
INSERT INTO "events" VALUES('evt_4x6s65q03gm3yn8r4ph8ehs49k',1728604800000000,'ingested','dataset:visits@1','{"files":1,"first":"data/visits/a.csv","last":"data/visits/a.csv","rows":1000,"quarantined":0}','',1,'89462c4bd56d6c017451061a6c01a699');
INSERT INTO "events" VALUES('event_5yns5173sbh4k14bxyv72crgxj',1728604800000000,'promoted','release:release_4a1yzs6kzm2m2syqstqg77q8xz','{"endpoint":"visits","model":"model:visits@1","previous":null}','root',2,'0b05fdf5b54b1554bbb8cca4ae77b785');
INSERT INTO "events" VALUES('evt_5nz7ypgnn4qphx3pw5zkfan1z1',1728604800000000,'ingested','dataset:visits@2','{"files":1,"first":"data/visits/b.csv","last":"data/visits/b.csv","rows":25,"quarantined":0}','',3,'b43325a0ba9b50a8fbe03802d93c06a3');
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
INSERT INTO "ledger" VALUES(1,1796136844901341,'','genesis','events:0','','e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855','0000000000000000000000000000000000000000000000000000000000000000','7ad49216c9644e98f642f8ca6da44198ecd3b4242f12ddde627f9ea680eb9206');
INSERT INTO "ledger" VALUES(2,1796136844901341,'','run.added','run:run_01m8s1jfjxc56608n3s08nf8y0','event_01m8s1jfk5banqbg283dmth33e','63e1ba08571917db5d764493f082ea4c314a362a8237633ac5b9218d4f69e638','7ad49216c9644e98f642f8ca6da44198ecd3b4242f12ddde627f9ea680eb9206','ff14ae301c88672372a0992a04d31c4854033fefa5af9f6aab073c76ed478db6');
INSERT INTO "ledger" VALUES(3,1796136844986891,'','dataset version.added','dataset:visits@1','event_01m8s1jfnt4atph04mza0z9kw2','1c3af2af1d3aca4b3504c9c4a2a0adee4532327e2e347b5315354f3456932246','ff14ae301c88672372a0992a04d31c4854033fefa5af9f6aab073c76ed478db6','16a9cd7b6942e22bebd49c88f1d79b380f73e5d50d126d00dd7a554049a19eb3');
INSERT INTO "ledger" VALUES(4,1796136844986891,'','ingested','dataset:visits@1','evt_4x6s65q03gm3yn8r4ph8ehs49k','86cb7c7fb1fc935ac2942bf56676bcdb46b344c360ef9e744467814aafb74ea0','16a9cd7b6942e22bebd49c88f1d79b380f73e5d50d126d00dd7a554049a19eb3','3d1775d5bea6905020cfbdde5bbbbae8632838d89a49c25bc57ad6df5f7b415f');
INSERT INTO "ledger" VALUES(5,1796136845001748,'','run.changed','run:run_01m8s1jfjxc56608n3s08nf8y0','event_01m8s1jfp98gxnhfgz600my12h','7e88de42b1d5c1275f75dfeb5cc0fe7d896a72e639a4e9a92aba6cb9f1437e99','3d1775d5bea6905020cfbdde5bbbbae8632838d89a49c25bc57ad6df5f7b415f','44c7d412ba03aa9bb5fcb1e13c2f97f862f7b9436b6ee718c0345a56b7911fa6');
INSERT INTO "ledger" VALUES(6,1796136845017445,'','run.added','run:run_01m8s1jfphasy07n802xh1ge4x','event_01m8s1jfpsrmwtc0xpgnt401z9','fdb6578637a87ac990a199b8349927e9385d0af6490c3ca4f35f6dc8f9dab24e','44c7d412ba03aa9bb5fcb1e13c2f97f862f7b9436b6ee718c0345a56b7911fa6','aeddc493859d6e9adf9eb24ef16066896cdcb655cd6a260736ba1010283e0a0f');
INSERT INTO "ledger" VALUES(7,1796136847145339,'','model.added','model:visits@1','event_01m8s1jhs9k0h4h2tn6jn9k1mk','e5c226abeeb24bd7787aad3b3dff2f9ca791ac2f81d2342dc1a7ae9f3f13e9ee','aeddc493859d6e9adf9eb24ef16066896cdcb655cd6a260736ba1010283e0a0f','1e5a1dfb3b5250a76630fd931e20671e11a725413ba4525b8a31af3c53a4e254');
INSERT INTO "ledger" VALUES(8,1796136847151362,'','run.changed','run:run_01m8s1jfphasy07n802xh1ge4x','event_01m8s1jhsffmwgbt0j8n4cv039','0db2b2ebc9bcf36bd3db184a51be418da6287e7344eedeebe94ede146c6c8c98','1e5a1dfb3b5250a76630fd931e20671e11a725413ba4525b8a31af3c53a4e254','c4fedc897cc98cb77d9aa404b59ce54ef81e6414a6f395290e31297c4f22bb26');
INSERT INTO "ledger" VALUES(9,1796136847169962,'','run.added','run:run_01m8s1jhsqpfwt720wt6sfzdbk','event_01m8s1jht110azzxqts45xd0z0','aba48de9068a71d016fdcb9440accf76dce66a5c51f0e87b4fd584122e8db228','c4fedc897cc98cb77d9aa404b59ce54ef81e6414a6f395290e31297c4f22bb26','02ef7f0637a8a7bc18ded1e2a46babaa08006980ce9eb25fb8c5d019814a375e');
INSERT INTO "ledger" VALUES(10,1796136847212670,'','token.added','token:token_01m8s1jhvbpjyqp6czaxt4xffy','event_01m8s1jhvc1hk3q9eg1eyxzr8f','0bf7af39f858e10cb38493d15b864ec96b8e033983c9f00709e49adbc92e9bed','02ef7f0637a8a7bc18ded1e2a46babaa08006980ce9eb25fb8c5d019814a375e','7b6868a18024f97b37197aa7616527cb4797ff74ce3894fcc0c902c93829c02e');
INSERT INTO "ledger" VALUES(11,1796136847729819,'','token.deleted','token:token_01m8s1jhvbpjyqp6czaxt4xffy','event_01m8s1jjbgfkabt9qnt7twxqx3','4e28191641a3cff7e618f43e5161c59dbd4093061b5536489db52db5efc1813f','7b6868a18024f97b37197aa7616527cb4797ff74ce3894fcc0c902c93829c02e','8f8d25b28522c5aeb48add41a375cac0b5de93c7d0fd9feaa5e2408f74129562');
INSERT INTO "ledger" VALUES(12,1796136848126938,'-','verdict.added','verdict:verdict_1n5ky096bj9edhr0a3znt8mzx5','event_01m8s1jjqshxj5ygzd9w99f4r7','306d519fb2fba6b7931470f84703cff09916241600241d21c4e4b8e942d49e6f','8f8d25b28522c5aeb48add41a375cac0b5de93c7d0fd9feaa5e2408f74129562','45ec3bce6303a38fb0c14ca40f51619ed160c2f8b335b0f6c2477acb05097dcb');
INSERT INTO "ledger" VALUES(13,1796136848126938,'-','verdict.added','verdict:verdict_0tfz0ndanamvjmd07v2sa3ndgq','event_01m8s1jjqs1ewz1j0xhmbbgn0y','abc711b704fd45279f41a567fbbfea67c15bc03e6d938dc038b513a3d9cfd80e','45ec3bce6303a38fb0c14ca40f51619ed160c2f8b335b0f6c2477acb05097dcb','fd85c490e02fd3284136ea0d27fcb8c670f95eb9e10684de8f0ea93691a41674');
INSERT INTO "ledger" VALUES(14,1796136848126938,'-','verdict.added','verdict:verdict_1yhgdxsp3z8jdbq84x25rn20eg','event_01m8s1jjqsnyb2zrwqw3dx9bj9','c2886ed710e3ca02d153db6422e0091002c31f0790d58a9a4171ae49a3803604','fd85c490e02fd3284136ea0d27fcb8c670f95eb9e10684de8f0ea93691a41674','86ba25c95b560db51c0483440fa571c791996dd0f2ae4c8b3b7cf7554fde7609');
INSERT INTO "ledger" VALUES(15,1796136848126938,'-','verdict.added','verdict:verdict_175sa72deztzjd3p5c6bkf013k','event_01m8s1jjqse0fq6btbm6spkfgh','d5bfdbcc50fec5d1061bab876db1665d174ccfc3ed27e6ccd83d38826279390e','86ba25c95b560db51c0483440fa571c791996dd0f2ae4c8b3b7cf7554fde7609','975e357c4cc824834c54c1ef1a944fd206be1614f2e90bb18e4ef53c1bc64c96');
INSERT INTO "ledger" VALUES(16,1796136848126938,'-','verdict.added','verdict:verdict_27n50edxs61bjd071z010g3rx4','event_01m8s1jjqsant04ac8v1by7xvm','414f8b698f3e50632e47f7dcd674bbdea5aae6b0ad0f2592d55e9cc070dd5b52','975e357c4cc824834c54c1ef1a944fd206be1614f2e90bb18e4ef53c1bc64c96','c9bb3aefed455c76893f54cfe26aab9e28fa7789b1bca91d3dd8dfa1a942828d');
INSERT INTO "ledger" VALUES(17,1796136848126938,'-','release.added','release:release_4a1yzs6kzm2m2syqstqg77q8xz','event_01m8s1jjqt4n5v0b7ed9r22ajp','7cb82c2c5aa675f9738794039f6c0b40557e5180a90f7724e551a1b6cf5e8a39','c9bb3aefed455c76893f54cfe26aab9e28fa7789b1bca91d3dd8dfa1a942828d','376b2cd2bf55f6d966bb662e05b8e26e103a054e705d50ccd66b3330989aba04');
INSERT INTO "ledger" VALUES(18,1796136848126938,'-','release.changed','release:release_4a1yzs6kzm2m2syqstqg77q8xz','event_01m8s1jjqy3r44xgdr1ye7azry','5483d6c2dc997845062ba2fdbad4cc4592cb5ad2f7b3df969c7197f3aa0f51d4','376b2cd2bf55f6d966bb662e05b8e26e103a054e705d50ccd66b3330989aba04','acf5255189f51655b51217178e02e30ba21517a28e160262bed1f407c6eaf3f2');
INSERT INTO "ledger" VALUES(19,1796136848126938,'-','release.changed','release:release_4a1yzs6kzm2m2syqstqg77q8xz','event_01m8s1jjqy9x8vbbkawq4wc0gt','58af978c7a3e1a1549b0ce734f2362394a84ade4bef03a155956ca8e5732e2cd','acf5255189f51655b51217178e02e30ba21517a28e160262bed1f407c6eaf3f2','3c62854cac45f6b3ebb678fd212552c3083102c3c76159c5cc5b14446a8fec99');
INSERT INTO "ledger" VALUES(20,1796136848126938,'-','promoted','release:release_4a1yzs6kzm2m2syqstqg77q8xz','event_5yns5173sbh4k14bxyv72crgxj','83c808c51a725f2cd0a0fd6c549ceb55a4f1b5aa0c154b4181b081939bfe3877','3c62854cac45f6b3ebb678fd212552c3083102c3c76159c5cc5b14446a8fec99','764575e3d97404c883bcd0d396d377cfd991ffae973c026d923b6a63154d94a7');
INSERT INTO "ledger" VALUES(21,1796136848131807,'','run.changed','run:run_01m8s1jhsqpfwt720wt6sfzdbk','event_01m8s1jjr3z7ydpft2a2kgbdqa','3c35dda55011c4f8b993e1e71a74a0c0ecf48b08ccbc4a817ea605da01e04df1','764575e3d97404c883bcd0d396d377cfd991ffae973c026d923b6a63154d94a7','1e6c9d73e3ccfd1681ee181c58d507320cb81cdf53a01fdb8bd716d59a0ef2d3');
INSERT INTO "ledger" VALUES(22,1796136848156568,'','run.added','run:run_01m8s1jjrsmddks20j79xh1q7h','event_01m8s1jjrw4pc5a0aed211zyfq','21700f7462215fe0715afd274ce36271c87f505e63f1b6d33e6bba23817238f1','1e6c9d73e3ccfd1681ee181c58d507320cb81cdf53a01fdb8bd716d59a0ef2d3','3733a29fe44fbaf5f5a14a82ff71dce5bdebcd93f1c868c374a17449cc6c1080');
INSERT INTO "ledger" VALUES(23,1796136848187979,'','dataset version.added','dataset:visits@2','event_01m8s1jjsvqjvx71fxnsthr7fs','628d5722538c4619d27bfcbc24c96944abd47b90997046162de6b79ecb17fbcf','3733a29fe44fbaf5f5a14a82ff71dce5bdebcd93f1c868c374a17449cc6c1080','42f32aa32c4602d09e2f87c9d8c26a01a1dee907bef720ad9da738d975d85231');
INSERT INTO "ledger" VALUES(24,1796136848187979,'','ingested','dataset:visits@2','evt_5nz7ypgnn4qphx3pw5zkfan1z1','a1f4f9e1ceeb5d01b15841df38ea78f373b84c1f213e5a21ebcc8cb173187eab','42f32aa32c4602d09e2f87c9d8c26a01a1dee907bef720ad9da738d975d85231','6b2985bceb31b2bfe525b02bacd7ad60237a9534ec45127fc5f160a936c8e440');
INSERT INTO "ledger" VALUES(25,1796136848199265,'','run.changed','run:run_01m8s1jjrsmddks20j79xh1q7h','event_01m8s1jjt6gz1w3c90j84gsbq0','024df310dd600cb99badc12d0528393715e8de81d6d250c2e4267f36b5251850','6b2985bceb31b2bfe525b02bacd7ad60237a9534ec45127fc5f160a936c8e440','fa8979c08c2aa60f8288bda59199b498c952dfcb02712d7b0d3bf381804757a0');
INSERT INTO "ledger" VALUES(26,1796136848209830,'','token.added','token:token_01m8s1jjthpraje5gpw18bhagz','event_01m8s1jjthe12q48j3wdbwmggk','58d1c749b4370961aba8a3c416424afe71a38c056534d4491f1a00502c57d4ff','fa8979c08c2aa60f8288bda59199b498c952dfcb02712d7b0d3bf381804757a0','afb3c167496263454fbd3cf0a36ef5826ff90a2e4757388b8aafe2c5ebdde0f6');
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
INSERT INTO "models" VALUES('visits',1,'sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9','sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1','{"bagging_fraction":0.9,"extra_trees":false,"feature_fraction":0.8,"lambda_l2":1.0,"learning_rate":0.05,"method":"trees","min_data_in_leaf":7,"min_data_per_group":25,"num_iterations":71,"num_leaves":31,"task":"classify"}','first','{"above":{"constant":{"auc":{"error":0.011040612289178011,"high":0.49253292918316116,"low":0.4489747814505876,"mean":0.472716718266254,"power":"with 250 requests of 10 units a difference of 0.0309 would be seen in 4 of 5 comparisons","units":10,"visible":0.030931216188277492},"cost":{"error":0.025678842370183596,"high":-0.384,"low":-0.484,"mean":-0.432,"power":"with 250 requests of 10 units a difference of 0.0719 would be seen in 4 of 5 comparisons","units":10,"visible":0.07194146520255933},"log_loss":{"error":0.025161362677955063,"high":-0.5008397490982959,"low":-0.601966301692023,"mean":-0.5536945722322312,"power":"with 250 requests of 10 units a difference of 0.0705 would be seen in 4 of 5 comparisons","units":10,"visible":0.07049170174613822},"pr_auc":{"error":0.030969532718536277,"high":0.47354266564707076,"low":0.3511479669724533,"mean":0.4128059711260547,"power":"with 250 requests of 10 units a difference of 0.0868 would be seen in 4 of 5 comparisons","units":10,"visible":0.08676378507611715}},"linear":{"auc":{"error":0.0070077107881110915,"high":0.021307097103207714,"low":-0.006758284556014546,"mean":0.0070949432404541,"power":"with 250 requests of 10 units a difference of 0.0196 would be seen in 4 of 5 comparisons","units":10,"visible":0.01963269895678281},"cost":{"error":0.00576389583941485,"high":0.0,"low":-0.024,"mean":-0.012,"power":"with 250 requests of 10 units a difference of 0.0161 would be seen in 4 of 5 comparisons","units":10,"visible":0.01614804538244748},"log_loss":{"error":0.02223582940906045,"high":-0.05041121335990413,"low":-0.1360595112229601,"mean":-0.09099200128432298,"power":"with 250 requests of 10 units a difference of 0.0623 would be seen in 4 of 5 comparisons","units":10,"visible":0.06229557098490537},"pr_auc":{"error":0.03188342832056706,"high":0.08603459258542623,"low":-0.04089636920035294,"mean":0.021766139285159258,"power":"with 250 requests of 10 units a difference of 0.0893 would be seen in 4 of 5 comparisons","units":10,"visible":0.08932414148566503}}},"auc":[0.9727167182662538,0.9488761797652098,0.9925500874226224],"baselines":{"constant":{"auc":[0.5,0.5,0.5],"cold":{"n":0},"cost":[0.456,0.416,0.5],"log_loss":[0.6894989744591565,0.6841577187541754,0.6953743557346354],"n":250,"pr_auc":[0.544,0.5,0.584],"units":10,"warm":{"auc":[0.5,0.5,0.5],"cost":[0.456,0.416,0.5],"log_loss":[0.6894989744591565,0.6841577187541754,0.6953743557346354],"n":250,"pr_auc":[0.544,0.5,0.584]}},"linear":{"auc":[0.9656217750257999,0.9374821958709547,0.9898606551134046],"cold":{"n":0},"cost":[0.036,0.016,0.056],"log_loss":[0.22679640351124827,0.14430130623063556,0.3186854439575851],"n":250,"pr_auc":[0.9350398318408956,0.8781822571505437,0.9789485452217126],"units":10,"warm":{"auc":[0.9656217750257999,0.9374821958709547,0.9898606551134046],"cost":[0.036,0.016,0.056],"log_loss":[0.22679640351124827,0.14430130623063556,0.3186854439575851],"n":250,"pr_auc":[0.9350398318408956,0.8781822571505437,0.9789485452217126]}}},"caps":{},"cold":{"n":0},"cost":[0.024,0.008,0.044],"log_loss":[0.13580440222692527,0.09107161973905042,0.18676875978824012],"n":250,"pr_auc":[0.9568059711260546,0.9033915604897533,0.9928441171435628],"units":10,"warm":{"auc":[0.972716718266254,0.9489747814505877,0.9925329291831612],"cost":[0.024,0.008,0.044],"log_loss":[0.13580440222692527,0.09107161973905042,0.18676875978824012],"n":250,"pr_auc":[0.9568059711260546,0.9033915604897533,0.9928441171435628]}}','["dataset:visits@1"]',1728604759000001,'run_01m8s1jfphasy07n802xh1ge4x','','sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca',1728604800000000,'{"rows":750,"columns":5,"found":[],"answer":"share with came_back true"}');
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
INSERT INTO "releases" VALUES('release_4a1yzs6kzm2m2syqstqg77q8xz','visits','model:visits@1','champion','[{"share":1.0,"span":0,"requests":0}]',0,1728604800000000,1728604800000000,1728604800000000,NULL,NULL,NULL,'["sha256:daa4b58d6a51d1ff3604cc1f781b5520d387866d97edf1ad28e5c19a0ae5badf","sha256:e00b07d3732ad2e6fae2eb3ff3cf0b095e00191c9ba5e18ea5e78044662fb1c6","sha256:fdda3726571c44659c4e668fc31e4414d86d5b6c451a006bd5ee472ac55762f8","sha256:d3bae20a1f9de176d8ece767b0c3661895b6499f0ed0a71d4608e8212de55217","sha256:c5618de040b44dba1b12548cdfb8887d137ec19e9b0e345f1e76574e9968e799","sha256:2b9229f724f4143771c5be9120bdc9030075313ec3894ff361280f1c07e81c23","sha256:208b0bcf2db9073cd79c619cb2ac3764a9a1c4f2d4c695ed996c042190019d84"]',NULL,'root','{"blessings":{"infrastructure":"blessed","quality":"blessed"},"refused":[],"approved":null,"rejected":null,"stages":[],"waits_in":null,"damaged":"","shadow":null,"mirror":null,"bake_until":null,"bake":null,"halted":null,"rolled_back":null,"waits":[],"paused":null,"pauses":[],"uncounted":0,"failed_before":0,"watch":null,"no_way_back":null,"saw":null,"policy":""}','');
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
INSERT INTO "runs" VALUES('run_01m8s1jfjxc56608n3s08nf8y0','data','sha256:72f74a3ba771fc1245fad9d766874ff9dc43270d95d6bd9c1395aa798cd9c7d4','done','host:9563:920364:28c56d5c-7519-4026531836:1',1728604800000000,1728604800000000,NULL,'{"dataset":"visits"}',0,'{}','{"python":"3.11.7","implementation":"cpython","system":"Linux 6.1.0 x86_64","host":"host","cores":2,"threads":{"OPENBLAS_CORETYPE":"Haswell"},"pins":"sha256:387c79a65b326af1b87b3c1793d23952ddffc50bff38fcceb9d5524e697cb66b"}','{"cpu_s":0.07762728699999988,"wall_s":0.10460192299979099}','{"version":"sha256:926c9351b76ebe8ae2bd656cf65d53a7825dce85671a6795729b762f5e91d858"}',NULL);
INSERT INTO "runs" VALUES('run_01m8s1jfphasy07n802xh1ge4x','model','sha256:6ae19be375c5b8f4eb6495f5bc969b0ce2ea893eab3ac9731f8194a77f778d58','done','host:9563:920364:28c56d5c-7519-4026531836:2',1728604800000000,1728604800000000,NULL,'{"name":"visits","purpose":"","goal":"","data":["dataset:visits@1"],"timeless":[],"label":"","test":{"by":"time","test":"10 days"},"gap":0,"settings":{"task":"classify","metric":"log_loss","train":null,"trials":1,"budget":null,"details":{"columns":[{"name":"pages","kind":"number","source":"pages","required":false,"categories":[],"column":{"name":"pages","kind":"integer","minimum":0.0},"embedding":null,"place":0},{"name":"spent","kind":"number","source":"spent","required":false,"categories":[],"column":{"name":"spent","kind":"number"},"embedding":null,"place":0},{"name":"member","kind":"category","source":"member","required":false,"categories":[],"column":{"name":"member","kind":"boolean"},"embedding":null,"place":0},{"name":"country","kind":"category","source":"country","required":false,"categories":[],"column":{"name":"country","kind":"string"},"embedding":null,"place":0},{"name":"site","kind":"category","source":"site","required":false,"categories":[],"column":{"name":"site","kind":"string"},"embedding":null,"place":0},{"name":"hour","kind":"hour","source":"ts","required":true,"categories":[],"column":{"name":"ts","kind":"timestamp","required":true,"role":"time"},"embedding":null,"place":0}],"roles":{},"unit":"days","limits":[null,null],"timed":true,"subject":null,"target":"came_back"},"only":null},"incumbent":null,"champion":null,"asked":{},"author":"","ruled":"","limits":null}',0,'{}','{"python":"3.11.7","implementation":"cpython","system":"Linux 6.1.0 x86_64","host":"host","cores":2,"threads":{"OPENBLAS_CORETYPE":"Haswell"},"pins":"sha256:387c79a65b326af1b87b3c1793d23952ddffc50bff38fcceb9d5524e697cb66b"}','{"cpu_s":2.0472041930000002,"wall_s":2.1388834839999618}','{"model":"sha256:aa7e9fa7888587a6f2f729e21980aed9cde0ef49ca5acac4a3556c09c10788f8","metrics":"sha256:7764a067cbfd34c940795447afb69433dbf4927777cba6a6b6d795ee8004373d","examined":"sha256:e5fd2f5c60efe3ddbc61563f76efd2bd75e9bd5e224201068ad0374730dd282c","search":"sha256:d8e9cef9cea0e004eaaff436f7bad5f5eb47fc585f8fcd778c8064193787d43d","card":"sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca"}',NULL);
INSERT INTO "runs" VALUES('run_01m8s1jhsqpfwt720wt6sfzdbk','release','sha256:5ba27ee69eba202560f399b565710ff6152efbe57029eadfb6f332685b6168d4','done','host:9563:920364:28c56d5c-7519-4026531836:3',1728604800000000,1728604800000000,NULL,'{"endpoint":"visits","model":"model:visits@1","attempt":0,"override":null,"author":"root","decision":null,"environment":"","principal":""}',0,'{}','{"python":"3.11.7","implementation":"cpython","system":"Linux 6.1.0 x86_64","host":"host","cores":2,"threads":{"OPENBLAS_CORETYPE":"Haswell"},"pins":"sha256:387c79a65b326af1b87b3c1793d23952ddffc50bff38fcceb9d5524e697cb66b"}','{"cpu_s":0.9467113029999998,"wall_s":0.970076457999312}','{"release":"sha256:d1b33b61e5a8efd24a16d03897a09b7721d53e45d28690c18ce4f3733be3d897"}',NULL);
INSERT INTO "runs" VALUES('run_01m8s1jjrsmddks20j79xh1q7h','data','sha256:72f74a3ba771fc1245fad9d766874ff9dc43270d95d6bd9c1395aa798cd9c7d4','done','host:9563:920364:28c56d5c-7519-4026531836:4',1728604800000000,1728604800000000,NULL,'{"dataset":"visits"}',0,'{}','{"python":"3.11.7","implementation":"cpython","system":"Linux 6.1.0 x86_64","host":"host","cores":2,"threads":{"OPENBLAS_CORETYPE":"Haswell"},"pins":"sha256:387c79a65b326af1b87b3c1793d23952ddffc50bff38fcceb9d5524e697cb66b"}','{"cpu_s":0.03590975300000032,"wall_s":0.045063862000461086}','{"version":"sha256:1ea97e2cb1fabacb1e3eb46cc034d5ab3f33bf001017ee4ad74714cfe6a44db3"}',NULL);
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
INSERT INTO "settings" VALUES('project_id','"project_01m8s1jf8wxc6gk0ntvp75k7xa"');
INSERT INTO "settings" VALUES('stores','{"artifacts":"","tables":""}');
INSERT INTO "settings" VALUES('mode','"replay"');
INSERT INTO "settings" VALUES('clock','1728604800000000');
INSERT INTO "settings" VALUES('told:visits','{"contract":"sha256:086c683b7ea6de8561af15475b7e895a2b2b241902fc4268265ff4c394d909a0/came_back","at":1728604800000000,"version":2}');
INSERT INTO "settings" VALUES('gate_key','"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAs8ZMXy2Fz3rs/kIb1KxCf0KMqf9yzpdPGRLaD1fIIGA=\n-----END PUBLIC KEY-----\n"');
INSERT INTO "settings" VALUES('approval_key','"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAIrCyHEMMQplJuRl+aJEFypeoosuD76PnbRv1UhElEG0=\n-----END PUBLIC KEY-----\n"');
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
INSERT INTO "steps" VALUES('run_01m8s1jfjxc56608n3s08nf8y0','ingest','done',0,'[]','sha256:b688ca29e01d76458abd0377e29c4b53ef0231f69ab24da02d8162c0a28aed16','{"source":{"tidemill.data.pipeline:take_files":"sha256:ca2199d8b38eef0ca489f02f095701825cef2a34513fa44b50df5a6fa3cf9c1d"},"params":{"dataset":"visits"},"inputs":{},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0}','{}','{"result":{"digest":"sha256:926c9351b76ebe8ae2bd656cf65d53a7825dce85671a6795729b762f5e91d858","codec":"json","bytes":227}}','["declared: files come and go by themselves","resource project","resource ingest","reads .tidemill/tables/.visits.generations/current","reads .tidemill/tables"]',1,1728604800000000,1728604800000000,69389,NULL);
INSERT INTO "steps" VALUES('run_01m8s1jfphasy07n802xh1ge4x','features','done',0,'[]','sha256:c50f78992379dd00c89841c44b7a2a9e1447a4816a65b34f140b87ab28162203','{"source":{"tidemill.model.pipeline:features":"sha256:a3f313ca199601d0c5d604921242e372ae59bec9d04b1500a2b670effcdbdfb3"},"params":{"name":"visits","data":["dataset:visits@1"],"limits":null},"inputs":{},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0,"version":{"data":[{"digest":"sha256:3a88c0de5cc009eec1d600e3f689f353a5e1860cd6bf5675b4011afb9377630e","came":["1728604800000000"],"contract":"sha256:086c683b7ea6de8561af15475b7e895a2b2b241902fc4268265ff4c394d909a0"}],"inputs":["(View(name=''calendar'', entity=None, time=''ts'', value=None, features=(Feature(name=''hour'', op=''hour'', by=None, column=None, half_life=None, window=None, process=None, folder='''', ago=0),)),)","()","(''visit'', ''ts'', ''came_back'', ''pages'', ''spent'', ''member'', ''country'', ''site'')"],"task":"classify"}}','{}','{"result":{"digest":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","codec":"table","bytes":15056}}','["resource project","reads contracts/visits.yaml","reads .tidemill/tables/.visits.generations/current"]',1,1728604800000000,1728604800000000,6350,NULL);
INSERT INTO "steps" VALUES('run_01m8s1jfphasy07n802xh1ge4x','split','done',1,'["features"]','sha256:3e8926c742fe087267af3f9d6c7128827440339ff649b8d95bf040447bf27410','{"source":{"tidemill.model.pipeline:split":"sha256:5934723808a5ec69f71034a1f4defdb4280106f7ebde151432c384f129e750b1"},"params":{"rows":{"$input":"rows"},"test":{"by":"time","test":"10 days"},"gap":0},"inputs":{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6"},"libraries":{"msgspec":"0.22.0","tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[]}','{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6"}','{"result":{"digest":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","codec":"json","bytes":122}}','[]',1,1728604800000000,1728604800000000,3024,NULL);
INSERT INTO "steps" VALUES('run_01m8s1jfphasy07n802xh1ge4x','findings','done',2,'["features","split"]','sha256:52ca8497046722bb21907cb6592876ba3423261006025125647d69d183c4c219','{"source":{"tidemill.model.pipeline:findings":"sha256:e9a896d1183eac097b0f9a507f6376ac89614129903c10ddac24e8adfcf4a37f"},"params":{"rows":{"$input":"rows"},"cut":{"$input":"cut"},"settings":{"task":"classify","metric":"log_loss","train":null,"trials":1,"budget":null,"details":{"columns":[{"name":"pages","kind":"number","source":"pages","required":false,"categories":[],"column":{"name":"pages","kind":"integer","minimum":0.0},"embedding":null,"place":0},{"name":"spent","kind":"number","source":"spent","required":false,"categories":[],"column":{"name":"spent","kind":"number"},"embedding":null,"place":0},{"name":"member","kind":"category","source":"member","required":false,"categories":[],"column":{"name":"member","kind":"boolean"},"embedding":null,"place":0},{"name":"country","kind":"category","source":"country","required":false,"categories":[],"column":{"name":"country","kind":"string"},"embedding":null,"place":0},{"name":"site","kind":"category","source":"site","required":false,"categories":[],"column":{"name":"site","kind":"string"},"embedding":null,"place":0},{"name":"hour","kind":"hour","source":"ts","required":true,"categories":[],"column":{"name":"ts","kind":"timestamp","required":true,"role":"time"},"embedding":null,"place":0}],"roles":{},"unit":"days","limits":[null,null],"timed":true,"subject":null,"target":"came_back"},"only":null}},"inputs":{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217"},"libraries":{"msgspec":"0.22.0","tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"version":"1"}','{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217"}','{"result":{"digest":"sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909","codec":"json","bytes":72}}','[]',1,1728604800000000,1728604800000000,1158308,NULL);
INSERT INTO "steps" VALUES('run_01m8s1jfphasy07n802xh1ge4x','search','done',3,'["features","split"]','sha256:06a8c56a2873833f686e60b8e0006ead7db013831f38dc30f2f98043bb530e8a','{"source":{"tidemill.model.pipeline:search":"sha256:8b47e7710914251338040fbf0a355db2b5688e39be470936c132f7d90879afa4","tidemill.model.pipeline:BASELINE":"sha256:741d690b3f02473b788b5d233e2f0375bc9f5ddd64d1ea88445035e838fb429a"},"params":{"rows":{"$input":"rows"},"cut":{"$input":"cut"},"settings":{"task":"classify","metric":"log_loss","train":null,"trials":1,"budget":null,"details":{"columns":[{"name":"pages","kind":"number","source":"pages","required":false,"categories":[],"column":{"name":"pages","kind":"integer","minimum":0.0},"embedding":null,"place":0},{"name":"spent","kind":"number","source":"spent","required":false,"categories":[],"column":{"name":"spent","kind":"number"},"embedding":null,"place":0},{"name":"member","kind":"category","source":"member","required":false,"categories":[],"column":{"name":"member","kind":"boolean"},"embedding":null,"place":0},{"name":"country","kind":"category","source":"country","required":false,"categories":[],"column":{"name":"country","kind":"string"},"embedding":null,"place":0},{"name":"site","kind":"category","source":"site","required":false,"categories":[],"column":{"name":"site","kind":"string"},"embedding":null,"place":0},{"name":"hour","kind":"hour","source":"ts","required":true,"categories":[],"column":{"name":"ts","kind":"timestamp","required":true,"role":"time"},"embedding":null,"place":0}],"roles":{},"unit":"days","limits":[null,null],"timed":true,"subject":null,"target":"came_back"},"only":null},"incumbent":null},"inputs":{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217"},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0,"version":"1"}','{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217"}','{"result":{"digest":"sha256:d8e9cef9cea0e004eaaff436f7bad5f5eb47fc585f8fcd778c8064193787d43d","codec":"json","bytes":2042}}','[]',1,1728604800000000,1728604800000000,294294,NULL);
INSERT INTO "steps" VALUES('run_01m8s1jfphasy07n802xh1ge4x','train','done',4,'["features","split","search"]','sha256:b6986b493abe999539a7acc134b4ad9d9c5117076ea442c66ae82bd6f4951c14','{"source":{"tidemill.model.pipeline:train":"sha256:2ec3b4f8d7ea96b7590e7875feac244982ea093160cb79b0da27644246e44e85"},"params":{"rows":{"$input":"rows"},"cut":{"$input":"cut"},"settings":{"task":"classify","metric":"log_loss","train":null,"trials":1,"budget":null,"details":{"columns":[{"name":"pages","kind":"number","source":"pages","required":false,"categories":[],"column":{"name":"pages","kind":"integer","minimum":0.0},"embedding":null,"place":0},{"name":"spent","kind":"number","source":"spent","required":false,"categories":[],"column":{"name":"spent","kind":"number"},"embedding":null,"place":0},{"name":"member","kind":"category","source":"member","required":false,"categories":[],"column":{"name":"member","kind":"boolean"},"embedding":null,"place":0},{"name":"country","kind":"category","source":"country","required":false,"categories":[],"column":{"name":"country","kind":"string"},"embedding":null,"place":0},{"name":"site","kind":"category","source":"site","required":false,"categories":[],"column":{"name":"site","kind":"string"},"embedding":null,"place":0},{"name":"hour","kind":"hour","source":"ts","required":true,"categories":[],"column":{"name":"ts","kind":"timestamp","required":true,"role":"time"},"embedding":null,"place":0}],"roles":{},"unit":"days","limits":[null,null],"timed":true,"subject":null,"target":"came_back"},"only":null},"found":{"$input":"found"}},"inputs":{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","found":"sha256:d8e9cef9cea0e004eaaff436f7bad5f5eb47fc585f8fcd778c8064193787d43d"},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":["evaluation_bundle","released"],"seed":0,"version":"1"}','{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","found":"sha256:d8e9cef9cea0e004eaaff436f7bad5f5eb47fc585f8fcd778c8064193787d43d"}','{"evaluation_bundle":{"digest":"sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1","codec":"bundle","bytes":2004},"released":{"digest":"sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9","codec":"bundle","bytes":2004}}','[]',1,1728604800000000,1728604800000000,34135,NULL);
INSERT INTO "steps" VALUES('run_01m8s1jfphasy07n802xh1ge4x','evaluate','done',5,'["features","split","train"]','sha256:7e5a68ec831245b9d53b35a4191d43ea8b631bb4d57dc712f22c4c43131476bf','{"source":{"tidemill.model.pipeline:evaluate":"sha256:d00e1cb6f147578a92f69fe24e641c2bc01660bb3c24547203824ebddf61ebd0","tidemill.model.pipeline:_champion":"sha256:b82cb2c0165a367e2fe0b3cde81e094b2aac8bce309ae49c685868f609260d27","tidemill.model.pipeline:_twice":"sha256:f0f23c7f7aff2522163879b79a6a6dd5acbeb67ec510a04f9260d48c23e084d1","tidemill.model.pipeline:_above":"sha256:0b402f82df11176cad17428251c4bf1d0b54bc48bb04be500631b81dba1f5550"},"params":{"rows":{"$input":"rows"},"cut":{"$input":"cut"},"settings":{"task":"classify","metric":"log_loss","train":null,"trials":1,"budget":null,"details":{"columns":[{"name":"pages","kind":"number","source":"pages","required":false,"categories":[],"column":{"name":"pages","kind":"integer","minimum":0.0},"embedding":null,"place":0},{"name":"spent","kind":"number","source":"spent","required":false,"categories":[],"column":{"name":"spent","kind":"number"},"embedding":null,"place":0},{"name":"member","kind":"category","source":"member","required":false,"categories":[],"column":{"name":"member","kind":"boolean"},"embedding":null,"place":0},{"name":"country","kind":"category","source":"country","required":false,"categories":[],"column":{"name":"country","kind":"string"},"embedding":null,"place":0},{"name":"site","kind":"category","source":"site","required":false,"categories":[],"column":{"name":"site","kind":"string"},"embedding":null,"place":0},{"name":"hour","kind":"hour","source":"ts","required":true,"categories":[],"column":{"name":"ts","kind":"timestamp","required":true,"role":"time"},"embedding":null,"place":0}],"roles":{},"unit":"days","limits":[null,null],"timed":true,"subject":null,"target":"came_back"},"only":null},"evaluation_bundle":{"$input":"evaluation_bundle"},"champion":null,"asked":{}},"inputs":{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","evaluation_bundle":"sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1"},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":["metrics","answers","examined"],"seed":0,"version":"1"}','{"rows":"sha256:2f7505a7de6980fa05b599e8f1f608fb7bc7bed9475821df902448956feb71a6","cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","evaluation_bundle":"sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1"}','{"metrics":{"digest":"sha256:7764a067cbfd34c940795447afb69433dbf4927777cba6a6b6d795ee8004373d","codec":"json","bytes":3441},"answers":{"digest":"sha256:8b37f26730e96794d90cd132c01b9a304220c982282f618b36dd61d4a7ab5f1a","codec":"arrays","bytes":4832},"examined":{"digest":"sha256:e5fd2f5c60efe3ddbc61563f76efd2bd75e9bd5e224201068ad0374730dd282c","codec":"json","bytes":36713}}','[]',1,1728604800000000,1728604800000000,257916,NULL);
INSERT INTO "steps" VALUES('run_01m8s1jfphasy07n802xh1ge4x','describe','done',6,'["split","findings","search","evaluate"]','sha256:81a9091df08563f54a15485ab1bf62c455bae2be77e540bf8679c35105d61096','{"source":{"tidemill.model.card.describe:describe":"sha256:13de1825d0aa67c27f67e7afb5991260dea7aa984a33dcd0dc15d73cead3dcd1","tidemill.model.card.describe:_measured":"sha256:855ead1fa5867fd8e83e7dd49b6c65a8c8cd17ecffb534df960ae21a6df74ed5","tidemill.model.card.describe:_row":"sha256:a9284bd3131b3f2cdffdf40572895647536f8481e5f6531afcbe5019354fedbc","tidemill.model.card.describe:_interval":"sha256:87147ed0b448aa1d49e8a9f73ab5df0e44ca69c2faa718c9f0c37df3715110a4","tidemill.model.card.describe:_names":"sha256:467034cfdbd569ae476e4280e3ee7e60568c2fa55c198b3d97d2020828026f6c","tidemill.model.card.describe:twice":"sha256:f844bbd14d7a8c56e4b198f96ceb89d64dfb78ac03ccdac8df20b61b7b755e64","tidemill.model.card.describe:_looked":"sha256:6de028708e75ad4097ae455d98b7e248c28d75f4a05d548f0c8f7fda88b9497d","tidemill.model.card.describe:_chosen":"sha256:aa27a7f89baa63fd522bcef0f7ee1b40510969eb4b512b4294a7478db3cf1be3","tidemill.model.card.describe:_gained":"sha256:eb1f536f6f48aad7bf19cd53d428f6bdc7c434fbfe8761d4d5e4b8ab00e03b9e","tidemill.model.card.describe:_from":"sha256:03c9db70aabeb2c19b4a80c93f558bbf6d383e9983b05dee083e4b0cdee002e8","tidemill.model.card.describe:_reached":"sha256:ddb463c6ca162f51f5437abaf5e3d6aa003f9e3b799cd81d262bd703cd5c8c48","tidemill.model.card.describe:_decides":"sha256:b79a9aa4999adfeeb2a12ff4e804ed71568ee96729ad725abf57b42c5d922af0","tidemill.model.card.describe:_at_half":"sha256:cbe8312c0c218ea5efc3b6120d36f81569d710c4cfbff8bf0ccda14f3e96fb41","tidemill.model.card.describe:_intervals":"sha256:5b43af068c852d387cfed74c62354a52191a71e302dcb2e5aee25fcef1490580","tidemill.model.card.describe:_limits":"sha256:641e2eea0f905f7ae67c2f356f8cfa6e3b798224f60fcf6eea606e2877d3b1f1","tidemill.model.card.describe:_caps":"sha256:b2725ec90fb2ed74437da10564618c18b7c34f2f319848dd4cb9dd4cbd7e9b13","tidemill.model.card.describe:_recipe":"sha256:1f4a33e7ce4c8bcd86325faaf248fea06ea8bd957fe09be4b78651d847d20cda","tidemill.model.card.describe:_setting":"sha256:c4737a61194ff904a1685140d182e10f8595081574f4abcf0ea4fbc502f12bc3"},"params":{"name":"visits","purpose":"","goal":"","cut":{"$input":"cut"},"looked":{"$input":"looked"},"found":{"$input":"found"},"metrics":{"$input":"metrics"},"examined":{"$input":"examined"},"data":["dataset:visits@1"],"timeless":[],"label":"","ruled":"","today":null},"inputs":{"cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","looked":"sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909","found":"sha256:d8e9cef9cea0e004eaaff436f7bad5f5eb47fc585f8fcd778c8064193787d43d","metrics":"sha256:7764a067cbfd34c940795447afb69433dbf4927777cba6a6b6d795ee8004373d","examined":"sha256:e5fd2f5c60efe3ddbc61563f76efd2bd75e9bd5e224201068ad0374730dd282c"},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[]}','{"cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","looked":"sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909","found":"sha256:d8e9cef9cea0e004eaaff436f7bad5f5eb47fc585f8fcd778c8064193787d43d","metrics":"sha256:7764a067cbfd34c940795447afb69433dbf4927777cba6a6b6d795ee8004373d","examined":"sha256:e5fd2f5c60efe3ddbc61563f76efd2bd75e9bd5e224201068ad0374730dd282c"}','{"result":{"digest":"sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca","codec":"report","bytes":4196}}','[]',1,1728604800000000,1728604800000000,16148,NULL);
INSERT INTO "steps" VALUES('run_01m8s1jfphasy07n802xh1ge4x','register','done',7,'["split","findings","search","evaluate","train","describe"]','sha256:db633a0ffeca433b3b6306c0e29ac997c5953f51c989f0787fbc7d1579459fe2','{"source":{"tidemill.model.pipeline:register":"sha256:f52d85f4af761aec3cbcebc6f58d12d45a7aad44bbd8ab21cd93be4962375dc9","tidemill.model.pipeline:kind_of":"sha256:3b68389c26310462e4452f3ded972efe4ccae039211562ae4eb25773fd5717f6"},"params":{"name":"visits","data":["dataset:visits@1"],"cut":{"$input":"cut"},"looked":{"$input":"looked"},"found":{"$input":"found"},"metrics":{"$input":"metrics"},"evaluation_bundle":{"$input":"evaluation_bundle"},"released":{"$input":"released"},"told":{"$input":"told"},"incumbent":null,"author":""},"inputs":{"cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","looked":"sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909","found":"sha256:d8e9cef9cea0e004eaaff436f7bad5f5eb47fc585f8fcd778c8064193787d43d","metrics":"sha256:7764a067cbfd34c940795447afb69433dbf4927777cba6a6b6d795ee8004373d","evaluation_bundle":"sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1","released":"sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9","told":"sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca"},"libraries":{"msgspec":"0.22.0","tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0}','{"cut":"sha256:5294bcf34085f4960c65541d1b5a368e7e2d88402df5450d416235c70fc39217","looked":"sha256:d5f98f27f00c6cfe951e90336a0400967d22d0e89de5323d8993f25964c6c909","found":"sha256:d8e9cef9cea0e004eaaff436f7bad5f5eb47fc585f8fcd778c8064193787d43d","metrics":"sha256:7764a067cbfd34c940795447afb69433dbf4927777cba6a6b6d795ee8004373d","evaluation_bundle":"sha256:2cf9877ad42a5996c45c233a54325d9fd81846f9614e5c453b554d22987818c1","released":"sha256:c4523a3ef5ee78693c2d2f917ef06be401556c6ac27bb8e6cf40a1e4884b9bf9","told":"sha256:87379799f1c145f1165747563acf76f688a7aca10fe792f4e21ffc44b7eaf3ca"}','{"result":{"digest":"sha256:aa7e9fa7888587a6f2f729e21980aed9cde0ef49ca5acac4a3556c09c10788f8","codec":"json","bytes":16}}','["declared: writes the model version","resource project"]',1,1728604800000000,1728604800000000,19075,NULL);
INSERT INTO "steps" VALUES('run_01m8s1jhsqpfwt720wt6sfzdbk','judge','done',0,'[]','sha256:3e0a18e6e43629b73251c9c1960b2924a465c488c6c2edfa2ff26ca7bfbb4b78','{"source":{"tidemill.release.pipeline:judge":"sha256:c1e95553aa889ab3dc5f90080c239c5cc08ec6581c83f07ef91c40815fc34ffb","tidemill.release.pipeline:GIVEN":"sha256:c26224aa96ea2695f023eb5b098a96d519e45f7b9931daa8c4a95a9f32f03a95","tidemill.release.pipeline:verdict_key":"sha256:47e8b1e4dc6bb55efd814b3ebe97e4f7bbda7cd19a6b30276eb68975768d7434"},"params":{"endpoint":"visits","model":"model:visits@1","attempt":0},"inputs":{},"libraries":{"msgspec":"0.22.0","tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0}','{}','{"result":{"digest":"sha256:f78ab72542da57301f1abc8c084320d833a2b231ce647afe0aebb65ee8f8d295","codec":"json","bytes":2657}}','["declared: the gates ask the real server, and compare with whoever is champion now","resource project","resource context","reads contracts/visits.yaml","reads .tidemill/tables/.visits.generations/current","process /srv/.venv/bin/python","network","network (''127.0.0.1'', 42881)"]',1,1728604800000000,1728604800000000,105336,NULL);
INSERT INTO "steps" VALUES('run_01m8s1jhsqpfwt720wt6sfzdbk','start','done',1,'["judge"]','sha256:8c92ff62b78e67c06ec3ab68b604ea9a66b6ba2bd7a2a24747654099f63c5965','{"source":{"tidemill.release.pipeline:start":"sha256:71bb0bce2ce4d5857fd09af6ea06bf523ffb8c0e083ddd60b83c64149316db98","tidemill.release.pipeline:GIVEN":"sha256:c26224aa96ea2695f023eb5b098a96d519e45f7b9931daa8c4a95a9f32f03a95","tidemill.release.pipeline:_write":"sha256:adb4e86fa64dc99e75b3740590fc9c7b15c7537368a6d808d1f9c024056a0b4d","tidemill.release.pipeline:_events":"sha256:3c809840be91c2dac36674aef3bbf89a7643719b7e9abf550c7e2e2f9d413e3b","tidemill.release.pipeline:release_id":"sha256:2494062152b7b5ef77a24396c244ab7478ee7f8ce0174b2bb5e21277617b3850","tidemill.release.pipeline:_undecided":"sha256:d73a6eab8397b82f2042409a12e6b9a92be8e1555f6416ed9068625ec01f5625","tidemill.release.pipeline:signed":"sha256:e77444b5be9d8038485398153e79098fe569e37c57394fd977d693e8976a89fd","tidemill.release.pipeline:blessings":"sha256:3b7976c980d834434a37c9e3ad43951e5a12e55a567590d0346854860e95543d"},"params":{"endpoint":"visits","model":"model:visits@1","attempt":0,"override":null,"author":"root","decision":null,"judged":{"$input":"judged"},"principal":""},"inputs":{"judged":"sha256:f78ab72542da57301f1abc8c084320d833a2b231ce647afe0aebb65ee8f8d295"},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0}','{"judged":"sha256:f78ab72542da57301f1abc8c084320d833a2b231ce647afe0aebb65ee8f8d295"}','{"result":{"digest":"sha256:d1b33b61e5a8efd24a16d03897a09b7721d53e45d28690c18ce4f3733be3d897","codec":"json","bytes":36}}','["declared: signs with a key outside the project, and writes the release","resource project","reads /srv/tmpucu7im7g/home/projects/07960c49b0277a11f0529e8499cdd307","reads contracts/visits.yaml"]',1,1728604800000000,1728604800000000,109049,NULL);
INSERT INTO "steps" VALUES('run_01m8s1jjrsmddks20j79xh1q7h','ingest','done',0,'[]','sha256:b688ca29e01d76458abd0377e29c4b53ef0231f69ab24da02d8162c0a28aed16','{"source":{"tidemill.data.pipeline:take_files":"sha256:ca2199d8b38eef0ca489f02f095701825cef2a34513fa44b50df5a6fa3cf9c1d"},"params":{"dataset":"visits"},"inputs":{},"libraries":{"tidemill":"0.1.0"},"python":"3.11.7","codecs":1,"outputs":[],"seed":0}','{}','{"result":{"digest":"sha256:1ea97e2cb1fabacb1e3eb46cc034d5ab3f33bf001017ee4ad74714cfe6a44db3","codec":"json","bytes":227}}','["declared: files come and go by themselves","resource project","resource ingest","reads .tidemill/tables/.visits.generations/current","reads .tidemill/tables/visits","reads .tidemill/tables/visits/_delta_log","reads .tidemill/tables/visits/_delta_log/00000000000000000002.json"]',1,1728604800000000,1728604800000000,32570,NULL);
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
CREATE TABLE subject_requests (
	id TEXT NOT NULL, 
	"of" TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	mark TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	received INTEGER NOT NULL, 
	due INTEGER, 
	"by" TEXT NOT NULL, 
	why TEXT NOT NULL, 
	extended TEXT NOT NULL, 
	ended INTEGER, 
	ended_by TEXT NOT NULL, 
	how TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	CONSTRAINT pk_subject_requests PRIMARY KEY (id)
)
 STRICT

;
CREATE TABLE tidemill_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY, tidemill VARCHAR(64) NOT NULL);
INSERT INTO "tidemill_version" VALUES('0005','0.1.0');
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
INSERT INTO "tokens" VALUES('token_01m8s1jjthpraje5gpw18bhagz','test','cb822bdd76895b4473e67a7901afadd1b145c9ac3195b7bd4e0f42ba214bd5b8','["predict","feedback","items","read","operate","replay"]',1796136848209204,NULL,0,'','');
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
INSERT INTO "verdicts" VALUES('verdict_1n5ky096bj9edhr0a3znt8mzx5','model:visits@1','infrastructure','infrastructure',1,'','{"errors":[],"requests":60,"said":"loaded, and all 60 answers are the offline ones","wrong":[],"wrong_in_all":0}','sha256:daa4b58d6a51d1ff3604cc1f781b5520d387866d97edf1ad28e5c19a0ae5badf',1728604800000000);
INSERT INTO "verdicts" VALUES('verdict_0tfz0ndanamvjmd07v2sa3ndgq','model:visits@1','latency','infrastructure',1,'','{"best_us":113,"limit":"1 s","rounds_us":[1486,113,129,177,114],"said":"p99 0.1 ms in the best of 5 rounds, the limit is 1 s"}','sha256:e00b07d3732ad2e6fae2eb3ff3cf0b095e00191c9ba5e18ea5e78044662fb1c6',1728604800000000);
INSERT INTO "verdicts" VALUES('verdict_1yhgdxsp3z8jdbq84x25rn20eg','model:visits@1','leakage','quality',1,'','{"allowed":[],"columns":5,"found":[],"key":"sha256:60acac77344b4c9fbe81e1c17abd2ba1bbda937ae8ebbef9ebeae28f224d501b","said":"none of 5 columns is seen to know the label"}','sha256:fdda3726571c44659c4e668fc31e4414d86d5b6c451a006bd5ee472ac55762f8',1728604800000000);
INSERT INTO "verdicts" VALUES('verdict_175sa72deztzjd3p5c6bkf013k','model:visits@1','method','quality',1,'promoted','{"baseline":"prior","comparison":{"candidate":0.13580440222692527,"difference":0.5536945722322313,"error":0.03654746702151401,"freedom":9.0,"gain":0.8030390076599457,"high":0.8857151219647948,"low":0.7084746422014871,"metric":"log_loss","other":0.6894989744591565,"requests":250,"skewness":-0.5493511907704701,"subjects":10,"unit":"days","windows":1},"expected":0.8030390076599457,"key":"sha256:60acac77344b4c9fbe81e1c17abd2ba1bbda937ae8ebbef9ebeae28f224d501b","looks":1,"margin":0.02,"needed":5162,"pair":"sha256:5ee73f1422a44e4d9647d826654f9685c0295b86545c6bbee82e0c6ff465fad3","power":"minimum detectable change 9.1 % (95 % confidence, 80 % power)","recipe":{"method":"constant","task":"classify"},"said":"better than prior, the best baseline: log_loss 0.1358 against 0.6895 (+80.3 %, 95 %: +70.8 to +88.6 %) on 250 requests of 10 days in this window; both fitted anew before each window","span":864000000000,"through":1728604759000001,"verdict":"promoted"}','sha256:d3bae20a1f9de176d8ece767b0c3661895b6499f0ed0a71d4608e8212de55217',1728604800000000);
INSERT INTO "verdicts" VALUES('verdict_27n50edxs61bjd071z010g3rx4','model:visits@1','baseline','quality',1,'promoted','{"baselines":{"prior":0.8030390076599457},"comparison":{"candidate":0.13580440222692527,"difference":0.5536945722322313,"error":0.03654746702151401,"freedom":9.0,"gain":0.8030390076599457,"high":0.8857151219647948,"low":0.7084746422014871,"metric":"log_loss","other":0.6894989744591565,"requests":250,"skewness":-0.5493511907704701,"subjects":10,"unit":"days","windows":1},"expected":0.8030390076599457,"judged":1728604759000001,"key":"sha256:60acac77344b4c9fbe81e1c17abd2ba1bbda937ae8ebbef9ebeae28f224d501b","lead":0.8030390076599457,"margin":0.02,"needed":5162,"power":"minimum detectable change 9.1 % (95 % confidence, 80 % power)","said":"better than prior: log_loss 0.1358 against 0.6895 (+80.3 %, 95 %: +70.8 to +88.6 %) on 250 requests of 10 days in this window; both fitted anew before each window","verdict":"promoted"}','sha256:c5618de040b44dba1b12548cdfb8887d137ec19e9b0e345f1e76574e9968e799',1728604800000000);
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
CREATE INDEX ix_runs_pipeline_started ON runs (pipeline, started);
CREATE INDEX ix_runs_status_key ON runs (status, "key");
CREATE INDEX ix_edges_target ON edges (target);
CREATE INDEX ix_verdicts_model_at ON verdicts (model, at);
CREATE UNIQUE INDEX uq_releases_shadow ON releases (environment, endpoint) WHERE status = 'shadow';
CREATE UNIQUE INDEX uq_releases_champion ON releases (environment, endpoint) WHERE status = 'champion';
CREATE INDEX ix_releases_endpoint_status ON releases (endpoint, status);
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
CREATE INDEX ix_tokens_principal ON tokens (principal);
CREATE UNIQUE INDEX ix_tokens_hash ON tokens (hash);
CREATE UNIQUE INDEX ix_principals_name ON principals (name);
CREATE UNIQUE INDEX uq_principals_vouched ON principals (issuer, subject) WHERE issuer != '';
CREATE INDEX ix_attempts_last ON attempts (last);
CREATE INDEX ix_logins_expires ON logins (expires);
CREATE INDEX ix_logins_origin ON logins (origin);
CREATE INDEX ix_approvals_status_asked ON approvals (status, asked);
CREATE INDEX ix_approvals_subject ON approvals (subject);
CREATE UNIQUE INDEX ix_votes_approval_person ON votes (approval, person);
CREATE INDEX ix_comments_at ON comments (at);
CREATE INDEX ix_comments_about_at ON comments (about, at);
CREATE INDEX ix_ledger_principal_seq ON ledger (principal, seq);
CREATE INDEX ix_ledger_event ON ledger (event);
CREATE INDEX ix_subject_limits_mark ON subject_limits (mark);
CREATE INDEX ix_subject_requests_mark ON subject_requests (mark);
CREATE INDEX ix_steps_fingerprint_ended ON steps (fingerprint, ended);
COMMIT;
