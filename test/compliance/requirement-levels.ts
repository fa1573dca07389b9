// The HTTP attributes of OpenTelemetry's semantic conventions 1.44 (model/http/spans.yaml, common.yaml; types of the registries) that are
// required or recommended. What is only opt-in is left out.

export interface RequiredAttribute {
  readonly name: string;
  readonly type: 'string' | 'int';
  readonly level: 'required' | 'conditionally required' | 'recommended';
  /** In the conventions' sense; none where it always holds. */
  readonly condition?: string;
}

const COMMON: readonly RequiredAttribute[] = [
  { name: 'http.request.method', type: 'string', level: 'required' },
  {
    name: 'http.request.method_original',
    type: 'string',
    level: 'conditionally required',
    condition: 'it differs from the method',
  },
  {
    name: 'http.response.status_code',
    type: 'int',
    level: 'conditionally required',
    condition: 'one was received or sent',
  },
  { name: 'error.type', type: 'string', level: 'conditionally required', condition: 'the request ended with an error' },
  {
    name: 'network.protocol.name',
    type: 'string',
    level: 'conditionally required',
    condition: 'it is not `http` and the version is set',
  },
  { name: 'network.protocol.version', type: 'string', level: 'recommended' },
  { name: 'network.peer.address', type: 'string', level: 'recommended' },
  {
    name: 'network.peer.port',
    type: 'int',
    level: 'recommended',
    condition: '`network.peer.address` is set',
  },
];

/** By span kind, in the order of the page. */
export const REQUIREMENT_LEVELS: Readonly<Record<'CLIENT' | 'SERVER', readonly RequiredAttribute[]>> = {
  CLIENT: [
    ...COMMON,
    { name: 'url.full', type: 'string', level: 'required' },
    { name: 'server.address', type: 'string', level: 'required' },
    { name: 'server.port', type: 'int', level: 'required' },
    {
      name: 'http.request.resend_count',
      type: 'int',
      level: 'recommended',
      condition: 'the request was resent',
    },
  ],
  SERVER: [
    ...COMMON,
    { name: 'url.scheme', type: 'string', level: 'required' },
    { name: 'url.path', type: 'string', level: 'required' },
    { name: 'url.query', type: 'string', level: 'conditionally required', condition: 'one was received' },
    { name: 'http.route', type: 'string', level: 'conditionally required', condition: 'it is available' },
    { name: 'server.address', type: 'string', level: 'recommended' },
    {
      name: 'server.port',
      type: 'int',
      level: 'conditionally required',
      condition: 'it is known and `server.address` is set',
    },
    { name: 'client.address', type: 'string', level: 'recommended' },
    { name: 'user_agent.original', type: 'string', level: 'recommended' },
  ],
};
