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
INSERT INTO "acts" VALUES('event_01m8s1jdxrbfjcyyynqntfac34',1796136843193433,'run.added','run:run_1','{"fields":["code","cost","ended","environment","error","id","key","outputs","owner","params","parent","pipeline","seed","started","status"],"digest":"432f2dcbbe60e55a9ebf338dcf3fd2a25f043dbaa9d7fc51248895f7c5952994","status":"running"}','','7ea2a23f46bd2c9b79ff4d0f429eb0a9');
INSERT INTO "acts" VALUES('event_01m8s1jdy4n6j496dqb09s78q7',1796136843204666,'dataset version.added','dataset:sales@1','{"fields":["created","dataset","digest","generation","ingest","profile","quarantined","rows","run","time_max","time_min","version"],"digest":"37f4846e47b3051b736cec45ecc48918289dd15915917ec2507452f0ed3f70aa"}','','93ab6bb86187c681fe706030a53c2b5a');
INSERT INTO "acts" VALUES('event_01m8s1jdy9w8844bz8fd7hpsyv',1796136843209561,'model.added','model:shop@1','{"fields":["author","bundle","card","created","data","evaluation_bundle","findings","kind","metrics","name","recipe","run","trained_through","version"],"digest":"20bafeb5453858d721a0d6d4376ac37aac2a5bceda3174f3f654cba66e8f5faf"}','','9905e8e24e974ad2d855ce89b01cfe29');
INSERT INTO "acts" VALUES('event_01m8s1jdybmv44zptntmezfr14',1796136843211449,'verdict.added','verdict:verdict_1','{"fields":["at","attestation","blessing","evidence","gate","id","model","passed","verdict"],"digest":"4f881c174fdac1833c0d093685a9b6412ac143604cfb6328281267fe15cb5969"}','','477b032f730e0e0bac2e1a4a56658a33');
INSERT INTO "acts" VALUES('event_01m8s1jdydcv1qndc8qy6v4r3k',1796136843214649,'release.added','release:release_1','{"fields":["attestations","author","created","decision","ended","endpoint","environment","evidence","id","model","override","previous","stage","stage_since","stages","started","status"],"digest":"c7483f39fbb55a3229bba68389e6795b99310ea4fa6c318a977f40830d2383a8","status":"held"}','','acd4a634d45faa5ca6df73bd900ab87e');
INSERT INTO "acts" VALUES('event_01m8s1jdyh20v72wc68ekzyhgr',1796136843217291,'decision.added','decision:decision_1','{"fields":["action","at","code","endpoint","environment","evidence","evidence_digest","id","policy","reason","run"],"digest":"49d4388431a75be583ae52f451b53f27cf3df9467f17195eb8d995b860bdcc7e"}','','6d1624dd1d80385e5fa900e2566dbcab');
INSERT INTO "acts" VALUES('event_01m8s1jdyk81xaa0z363y9frbt',1796136843219378,'job.added','job:job_1','{"fields":["code","decision","ended","endpoint","environment","error","id","kind","started","status","subject","times"],"digest":"5dfe878df30fb01d9300d1eb734fb41b1eb2b3b9f66384212e863c6a75ac3c7c","status":"running"}','','977d563586b55c4af555b57455af04d9');
INSERT INTO "acts" VALUES('event_01m8s1jdyv3ppb3nxfx45qezt0',1796136843227929,'alarm.added','alarm:alarm_1','{"fields":["again","answers","blind_below","closed","ended","endpoint","environment","evidence","hurts","id","interval","kind","metric","model","monitor","now","opened","promised","since","subjects","what","window","windows"],"digest":"e95bf2f7e3667c9d178819a80dfac41bf59ca05848e5520b5cebe4e50b6a3de8"}','','940d4cb5019f381d4da184fc076ba411');
INSERT INTO "acts" VALUES('event_01m8s1jdyydsasra8pefvysv6j',1796136843230191,'token.added','token:token_1','{"fields":["bound","created","expires","hash","id","name","once","principal","scopes"],"digest":"0e867e5373b7101b62c4e1ccbbfccec5b287c14f52c2c8cce6003c80d2a9f424"}','','6152d038d029548ddbdcebcb4b322bed');
INSERT INTO "acts" VALUES('event_01m8s1jdz13nf9dq1dkyarrbsg',1796136843233814,'settlement.added','settlement:settlement_1','{"fields":["at","came","endpoint","environment","expected","id","interval","kind","metric","model","other","reason","requests","settled","subject","subjects","what","when"],"digest":"e0610f9263547a1f676d5e508519adfb00feab473f97e99368ad6c5c6b5d83e0"}','','1e1efecb0d7a68a34b237e82ca2ebbfa');
INSERT INTO "acts" VALUES('event_01m8s1jdz6jvse0qpe1gaz5y0x',1796136843239150,'principal.added','principal:principal_1','{"fields":["by","created","disabled","display","id","issuer","key","key_envelope","kind","name","owner","roles","subject"],"digest":"4fb95942b91a8659f9b6121fa5b38b8777a84015256a596a1dba5c7285721708"}','','e364b1f0b789f3d67f303303183ffd4a');
INSERT INTO "acts" VALUES('event_01m8s1jdz8wwq8hb9y8wn8rqyw',1796136843240999,'password.added','principal:principal_1','{"fields":["changed","hash","must_change","principal"],"digest":"773a30ab37481ca6762d67a70dd41951ecb920fba50ac954b37455c34a2a3690"}','','3b2d54821c17c0f90870c3fc1e9fe6a0');
INSERT INTO "acts" VALUES('event_01m8s1jdzcav2zazhgvh7vqsea',1796136843244823,'approval.added','approval:approval_1','{"fields":["asked","asks_reason","author","due","ended","endpoint","environment","four_eyes","id","inputs","inputs_digest","kind","needed","own_key","person","roles","rule","status","subject","who","why"],"digest":"e03ac220bd2ecca1c74a659fe13ccae4d1aaf77f83e5cb5c95ad59b13acf2fa4","status":"open"}','','0846718bbcfe563e3f22be20fa404004');
INSERT INTO "acts" VALUES('event_01m8s1jdzfkqg6ybc74kvv1agw',1796136843247107,'vote.added','vote:vote_1','{"fields":["approval","at","envelope","id","own_key","person","principal","reason","role","seen","self_approved","who","yes"],"digest":"ce511dda027195bd491356da04dd761b4ef991bf3f3815ff0c5701f04e53bb06"}','','246ee492e37162bd7099a31fe00db9cd');
INSERT INTO "acts" VALUES('event_01m8s1jdzhn560fnetr0kb9271',1796136843249052,'comment.added','comment:comment_1','{"fields":["about","at","id","mentions","principal","removed","reply_to","text","who"],"digest":"5e9cfebf3eb67a77858b82a739c4a9a54a402f207ad85997651e0d70e136689b"}','','709f8411e6a2b8c4b841796c6e6931af');
INSERT INTO "acts" VALUES('event_01m8s1jdzms8tsyr7zx0jappzy',1796136843252551,'limit.added','limit:limit_1','{"fields":["begun","by","ended","ended_by","id","kind","mark","of","over","purpose","since","subject"],"digest":"590780a184ea560ad1eb78a6e2050e3450014b263a28e02eca92c360e45977a3"}','','a30935ec28573488fb88fb5bbe4efd49');
INSERT INTO "acts" VALUES('event_01m8s1jdzp41z3n21wx96ct9xy',1796136843254661,'request.added','request:request_1','{"fields":["by","due","ended","ended_by","extended","how","id","kind","mark","of","reason","received","subject","why"],"digest":"512f17699cee5bffbfe0ebeae7be9f555a988c1bdd6c32e73e78604b9494e65a"}','','3fbb092998802acdcedfc245ec0cefe3');
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
INSERT INTO "counters" VALUES('ledger',19);
INSERT INTO "counters" VALUES('releases',1);
INSERT INTO "counters" VALUES('tokens',1796136843238985);
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
INSERT INTO "events" VALUES('event_1',10,'alarm','model:shop@1','{"why":["drift"]}','principal 1',1,'7da560a75215ea8ab0a3748908e68f4c');
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
INSERT INTO "ledger" VALUES(1,1796136843193433,'','genesis','events:0','','e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855','0000000000000000000000000000000000000000000000000000000000000000','7fecea0a7496fb2562387b1c6a088d4fc9bd556bfbb13d4cc181a004d9fbba89');
INSERT INTO "ledger" VALUES(2,1796136843193433,'','run.added','','event_01m8s1jdxrbfjcyyynqntfac34','a78a80257e9d115b5a45a3201073f83c32e04c6f139efb9cde5551fd5c1438e5','7fecea0a7496fb2562387b1c6a088d4fc9bd556bfbb13d4cc181a004d9fbba89','fb934fa18206722db78bf4c361e60c48effeb530dfa1f07647b40733dc71450c');
INSERT INTO "ledger" VALUES(3,1796136843204666,'','dataset version.added','dataset:sales@1','event_01m8s1jdy4n6j496dqb09s78q7','e15e9e59ad459d4e7bcab5768e76d8040f974df87becd7d21678abbb1053eba9','fb934fa18206722db78bf4c361e60c48effeb530dfa1f07647b40733dc71450c','5ca374b83af0ad0f8ee45c3eeb182b3098c4f28e67e40869ce446b5d03480cd4');
INSERT INTO "ledger" VALUES(4,1796136843209561,'','model.added','model:shop@1','event_01m8s1jdy9w8844bz8fd7hpsyv','590e80c90f8246512d3c5629ddcb60ac65445b5be9e7a3cd9d646a2ca8e5c19a','5ca374b83af0ad0f8ee45c3eeb182b3098c4f28e67e40869ce446b5d03480cd4','86c95221c8e093c4bace1ac6f24d3cc0a4852cef31986b58ce14b54ec8540029');
INSERT INTO "ledger" VALUES(5,1796136843211449,'','verdict.added','','event_01m8s1jdybmv44zptntmezfr14','de5dfa7947c203cbc51d29dcfe2a5702b81c3fb395294dde0d0a3129d5dc9349','86c95221c8e093c4bace1ac6f24d3cc0a4852cef31986b58ce14b54ec8540029','7e00234320e35594b218155e17f9c6325f4adfbc7ead534f1499d3151b7aad47');
INSERT INTO "ledger" VALUES(6,1796136843214649,'','release.added','','event_01m8s1jdydcv1qndc8qy6v4r3k','aa7fdd9e4d17d3003fda2b7f58f5c5bdf5fa608ca0b1886bf7bc5078295b0654','7e00234320e35594b218155e17f9c6325f4adfbc7ead534f1499d3151b7aad47','81ccda2d76007c153d5224e6c784612167d9b299fa85586955d382ed89178d4b');
INSERT INTO "ledger" VALUES(7,1796136843217291,'','decision.added','','event_01m8s1jdyh20v72wc68ekzyhgr','18b0b2185096db9a4586eacfeaa87d1039d42779c02ac5f5378f6caae9d6f116','81ccda2d76007c153d5224e6c784612167d9b299fa85586955d382ed89178d4b','5b398e15314daa045378a1fbc1cddfe60ab4178f2111052d86eeb813c667ad65');
INSERT INTO "ledger" VALUES(8,1796136843219378,'','job.added','job:job_1','event_01m8s1jdyk81xaa0z363y9frbt','2699d0f9e67e259b7654c1c0e7e9f63ba9bd6f6747ebaedebbe19d234bee15dc','5b398e15314daa045378a1fbc1cddfe60ab4178f2111052d86eeb813c667ad65','92f3380fcab1a355564050e6f6925e04500c3c7cf1ade894c31b3b5297002d63');
INSERT INTO "ledger" VALUES(9,1796136843220811,'-','alarm','model:shop@1','event_1','72814c19d25d0c915a15c7f98a0ff936c2cae4e50351f8ea554ef7c3c96ccad5','92f3380fcab1a355564050e6f6925e04500c3c7cf1ade894c31b3b5297002d63','d815db75f7ac2373a4e92627a65115c02c0ff1bc4779d478acf60253f83582be');
INSERT INTO "ledger" VALUES(10,1796136843227929,'','alarm.added','','event_01m8s1jdyv3ppb3nxfx45qezt0','0c7d73fec4bda6f8b06ff0532725380d218c0586097895ab2193f48787c1a709','d815db75f7ac2373a4e92627a65115c02c0ff1bc4779d478acf60253f83582be','2da7dbc86af6be378c522259f5025738c7951c62aa04c4499c53c059519aa063');
INSERT INTO "ledger" VALUES(11,1796136843230191,'','token.added','','event_01m8s1jdyydsasra8pefvysv6j','478e4d1687a4044b329f2107fd00a79146248f9408c506fd66a1aecd60f40b1c','2da7dbc86af6be378c522259f5025738c7951c62aa04c4499c53c059519aa063','423e60a446f82566580f586e381b53be3ff5fb28cf958501ed452cb740dc3c83');
INSERT INTO "ledger" VALUES(12,1796136843233814,'','settlement.added','','event_01m8s1jdz13nf9dq1dkyarrbsg','eea011bf781cd76b482acd93520d89133d9524c165210029f4d8b87f3a9519d7','423e60a446f82566580f586e381b53be3ff5fb28cf958501ed452cb740dc3c83','532e9cdd9c21adce828841445ba4f9e908ddc25abc50a9a3f5ec2e4b839f866b');
INSERT INTO "ledger" VALUES(13,1796136843239150,'','principal.added','','event_01m8s1jdz6jvse0qpe1gaz5y0x','ecc54ae6446b4dc010f0991edf868a00e15344b04fdbd3eeed49ca8fcd5d387a','532e9cdd9c21adce828841445ba4f9e908ddc25abc50a9a3f5ec2e4b839f866b','3e22f0c20829c0f5c3503bfdd4f9a3c2a2f0d654c927208210eaf7b47fcbb6a6');
INSERT INTO "ledger" VALUES(14,1796136843240999,'','password.added','','event_01m8s1jdz8wwq8hb9y8wn8rqyw','57274578c82b09d4839b37b6cad15e5e5e66ead3ed7354eff18993d41069eec7','3e22f0c20829c0f5c3503bfdd4f9a3c2a2f0d654c927208210eaf7b47fcbb6a6','1c864e80fd07af6ddaf6287668f93eeb5d861b354f4dd514b545b94bbe361331');
INSERT INTO "ledger" VALUES(15,1796136843244823,'','approval.added','','event_01m8s1jdzcav2zazhgvh7vqsea','008c462d6d104315ac2be46bf7e0a35ba81e7a83464fe01ebfd4997971fb09b0','1c864e80fd07af6ddaf6287668f93eeb5d861b354f4dd514b545b94bbe361331','ad288aba10ce4d5e10a6146debc118abc1690e796390854db5ed26e1031b31e6');
INSERT INTO "ledger" VALUES(16,1796136843247107,'','vote.added','','event_01m8s1jdzfkqg6ybc74kvv1agw','e93146ad816a2f65d6903961dd5aa4e80394c0f3c1d7e1d1e6a799e643d46fb7','ad288aba10ce4d5e10a6146debc118abc1690e796390854db5ed26e1031b31e6','4fdac4490a733d981a937d24d59950c9fe424bf7e0cb46037dcee1cb31d2e814');
INSERT INTO "ledger" VALUES(17,1796136843249052,'','comment.added','','event_01m8s1jdzhn560fnetr0kb9271','c68bccc20c924fc26b12059edb06c82c01d36da6085300ec8ccfc93e6997a0f2','4fdac4490a733d981a937d24d59950c9fe424bf7e0cb46037dcee1cb31d2e814','bd4afca2c9d8d5197b374a6147af75bf83e8ac3977ad85d7f372db297e88b9ec');
INSERT INTO "ledger" VALUES(18,1796136843252551,'','limit.added','','event_01m8s1jdzms8tsyr7zx0jappzy','0c7a2cab00b5d80f08700b0c9c71db76184c6f2652d443ccb403c32f03af5e8a','bd4afca2c9d8d5197b374a6147af75bf83e8ac3977ad85d7f372db297e88b9ec','3bdbfd57010d8fb7248b4ca04fb9160ff406ab222ec3510e0e741fe0d4b23cd8');
INSERT INTO "ledger" VALUES(19,1796136843254661,'','request.added','','event_01m8s1jdzp41z3n21wx96ct9xy','9987ab55238f73aafd5f95c8e38bd47fd771102d9997cfa055b98bfad070071f','3bdbfd57010d8fb7248b4ca04fb9160ff406ab222ec3510e0e741fe0d4b23cd8','6d68496ab1a3bfc99774f9c24ee35f124553dc066cbaa98c6eaf54614751c118');
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
INSERT INTO "subject_requests" VALUES('request_1','of 1','subject 1','mark 1','access',100,200,'by 1','why 1','',2000,'principal_2','done','subject_exported');
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
