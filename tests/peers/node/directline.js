// Direct Line 3.0 as @nlpjs/directline-connector serves it, with the small bot of corpus.json behind it.
// The token that protects the real service is not asked for: this server takes any.
'use strict';

const path = require('path');
const { dockStart } = require('@nlpjs/basic');
const { ExpressApiServer } = require('@nlpjs/express-api-server');
const { DirectlineConnector } = require('@nlpjs/directline-connector');

async function main() {
  const port = Number(process.env.PORT);
  const dock = await dockStart({
    settings: {
      nlp: { autoSave: false, log: false, threshold: 0.5, forceNER: true, languages: ['en'] },
    },
    use: ['Basic', 'LangEn'],
  });
  const nlp = dock.get('nlp');
  await nlp.addCorpus(path.join(__dirname, 'corpus.json'));
  await nlp.train();

  const container = dock.getContainer();
  const server = new ExpressApiServer({ container });
  container.register('api-server', server, true);
  // By itself it would listen at once, on every address. Without a port it only makes the application.
  server.start({ port: -1 });
  // The connector looks for the bot in its settings' container.
  const connector = new DirectlineConnector({ container, log: false, serviceUrl: `http://127.0.0.1:${port}` });
  connector.start();
  server.app.listen(port, '127.0.0.1');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
