// A real identity provider for the tests: `oidc-provider` with two people, whose groups the test may change while it runs.
//   node provider.mjs FOLDER-OF-node_modules REDIRECT…   prints one line of JSON: its issuer; reads lines of JSON: {"groups": {NAME: [...]}} and {"end": NAME}.
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

console.info = console.warn = console.error; // what it says of itself does not stand between the lines of JSON
const [folder, host, ...callbacks] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(createRequire(`${folder}/`).resolve("oidc-provider")));

const groups = { ann: ["staff", "ml-team"], bob: ["staff"] };
const refused = new Set();
const plain = { redirect_uris: callbacks, post_logout_redirect_uris: callbacks.map((one) => new URL("/", one).href) };
const grants = ["authorization_code", "refresh_token"];
const configuration = {
  clients: [
    { client_id: "tidemill", client_secret: "a secret of the tests", grant_types: grants, ...plain },
    { client_id: "open", token_endpoint_auth_method: "none", grant_types: grants, ...plain },
    { client_id: "posting", client_secret: "a secret of the tests", token_endpoint_auth_method: "client_secret_post", ...plain },
  ],
  claims: { openid: ["sub"], profile: ["name", "preferred_username"], groups: ["groups"] },
  scopes: ["openid", "offline_access", "profile", "groups"],
  pkce: { methods: ["S256"], required: () => true },
  features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  cookies: { keys: ["of the tests alone"] },
  issueRefreshToken: async (_, client, code) => client.grantTypeAllowed("refresh_token") && code.scopes.has("offline_access"),
  findAccount: async (_, id) =>
    refused.has(id) || !(id in groups)
      ? undefined
      : { accountId: id, claims: async () => ({ sub: id, name: `${id} of the tests`, preferred_username: id, groups: groups[id] }) },
};

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://${host}:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  server.on("request", provider.callback());
  console.log(JSON.stringify({ issuer }));
});
createInterface({ input: process.stdin }).on("line", (line) => {
  const said = JSON.parse(line);
  Object.assign(groups, said.groups ?? {});
  if (said.end) refused.add(said.end);
  console.log(JSON.stringify({ done: true }));
}).on("close", () => process.exit(0));
