// The SDKs of language models, against a server that answers as a model does.
import { libraryTest } from './library-project.ts';

const answer = {
  id: 'answer-1',
  model: 'gpt-x',
  object: 'chat.completion',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hi' } }],
  usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
};

libraryTest('openai', {
  links: { openai: 'openai' },
  stub: (request, response) => {
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    });
  },
  attributes: ['gen_ai.request.model', 'gen_ai.usage.output_tokens', 'url.full'],
  secrets: ['sk-hunter2secret'],
  tree: `
    SERVER GET 200
      CLIENT chat gpt-x gen_ai.request.model=gpt-x gen_ai.usage.output_tokens=1
        CLIENT POST 200 url.full=http://127.0.0.1:<port>/v1/chat/completions
  `,
});

// Its own telemetry speaks to the OpenTelemetry API, and so to the agent.
libraryTest('ai', {
  links: { ai: 'ai', '@ai-sdk/otel': '@ai-sdk/otel' },
  attributes: ['gen_ai.operation.name', 'gen_ai.provider.name', 'gen_ai.usage.output_tokens'],
  secrets: ['hunter2secret'],
  tree: `
    SERVER GET 200
      INTERNAL invoke_agent mock-model-id gen_ai.operation.name=invoke_agent gen_ai.provider.name=mock-provider gen_ai.usage.output_tokens=1
        INTERNAL step 1 gen_ai.operation.name=agent_step
          CLIENT chat mock-model-id gen_ai.operation.name=chat gen_ai.provider.name=mock-provider gen_ai.usage.output_tokens=1
  `,
});
