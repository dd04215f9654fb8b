// A real OpenID provider for the tests: the certified program `oidc-provider`, with one client and no configuration
// beyond what a company would provide. Any name with any password signs in as that person at example.org.
//
// node serve.mjs LIBRARY HOST PORT CLIENT SECRET TELESCOPE
//
// LIBRARY is the program's index.js, TELESCOPE the address of the client. PORT 0 takes any; "listening at ADDRESS" is
// printed once it accepts requests.
import http from 'node:http';
import { pathToFileURL } from 'node:url';

const [library, host, port, client, secret, telescope] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(library));

const server = http.createServer();
server.listen(Number(port), host, () => {
  const issuer = `http://${host}:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: client,
      client_secret: secret,
      redirect_uris: [`${telescope}/sign-in/callback`],
      post_logout_redirect_uris: [`${telescope}/sign-in`],
    }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    pkce: { required: () => true },
    cookies: { keys: ['a key of the tests'] },
    findAccount: (_, name) => ({
      accountId: name,
      claims: () => ({
        sub: name,
        name,
        email: `${name}@example.org`,
        email_verified: name !== 'mallory',
        groups: ['support'],
      }),
    }),
  });
  server.on('request', provider.callback());
  console.log(`listening at ${issuer}`);
});
// It ends with its parent process.
process.stdin.on('end', () => process.exit(0)).resume();
