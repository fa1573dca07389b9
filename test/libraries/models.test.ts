// The SDKs of language models, against a server that answers as a model does.
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before } from 'node:test';
import { libraryTest } from './library-project.ts';

const answer = {
  id: 'answer-1',
  model: 'gpt-x',
  object: 'chat.completion',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hi' } }],
  usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
};
const model = createServer((request, response) => {
  request.resume().on('end', () => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
});
const env: Record<string, string> = {};
before(async () => {
  model.listen(0, '127.0.0.1');
  await once(model, 'listening');
  env['MODEL'] = `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1`;
});
after(() => {
  model.close();
  model.closeAllConnections();
});

libraryTest('openai', {
  links: { openai: 'openai' },
  env,
  attributes: ['gen_ai.request.model', 'gen_ai.usage.output_tokens', 'url.full'],
  secrets: ['sk-hunter2secret'],
  tree: `
    SERVER GET 200
      CLIENT chat gpt-x gen_ai.request.model=gpt-x gen_ai.usage.output_tokens=1
        CLIENT POST 200 url.full=http://127.0.0.1:<port>/v1/chat/completions
  `,
});
