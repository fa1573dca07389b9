// Called by options.ts: OpenTelemetry's variables that mean something only together, or that set more than one option.
import type { Variable } from './option.ts';
import { readText, toList, toNumber } from './variables.ts';

const EXPORTERS = new Set(['otlp', 'console', 'none']);

const SAMPLER = /^(parentbased_)?(always_on|always_off|traceidratio)$/u;
/** Samplers that the specification knows and that are not here. */
const OTHER_SAMPLERS = new Set(['jaeger_remote', 'parentbased_jaeger_remote', 'xray']);

/** OTEL_TRACES_SAMPLER with OTEL_TRACES_SAMPLER_ARG as a ratio. Also the one place that reports names it does not know. */
export const samplerVariable: Variable = {
  name: 'OTEL_TRACES_SAMPLER',
  read: (text, env) => {
    const name = text.toLowerCase();
    const sampler = SAMPLER.exec(name)?.[2];
    if (sampler === 'always_on') return { value: 1 };
    if (sampler === 'always_off') return { value: 0 };
    if (sampler === undefined) {
      const expected = 'expected always_on, always_off or traceidratio, each also with parentbased_ before it';
      const phrase = OTHER_SAMPLERS.has(name) ? `${name} is not supported, ${expected}` : expected;
      return { value: undefined, wrong: [phrase] };
    }
    const ratio = toNumber(readText(env, 'OTEL_TRACES_SAMPLER_ARG') ?? '1');
    if (typeof ratio === 'number' && ratio >= 0 && ratio <= 1) return { value: ratio };
    return { value: undefined, wrong: ['OTEL_TRACES_SAMPLER_ARG: expected a number from 0 to 1'] };
  },
};

/** OTEL_TRACES_SAMPLER as the answer to whether a parent elsewhere decides: only where the name says parentbased_. */
export const followParentVariable: Variable = {
  name: 'OTEL_TRACES_SAMPLER',
  read: (text) => {
    const match = SAMPLER.exec(text.toLowerCase());
    return match === null ? undefined : { value: match[1] !== undefined };
  },
};

/** OTEL_TRACES_EXPORTER as the switch of the OTLP destination. Also the one place that reports names it does not know. */
export const otlpExporterVariable: Variable = {
  name: 'OTEL_TRACES_EXPORTER',
  read: (text) => {
    const names = toList(text.toLowerCase());
    const strange = names.filter((name) => !EXPORTERS.has(name)).length;
    const wrong = strange === 0 ? [] : ['expected otlp, console, none or a list of them'];
    if (names.includes('otlp')) return { value: true, wrong };
    return { value: names.some((name) => EXPORTERS.has(name)) ? false : undefined, wrong };
  },
};

/** OTEL_TRACES_EXPORTER as the switch of the console: `console` asks for it, `none` alone turns it off as well. */
export const consoleExporterVariable: Variable = {
  name: 'OTEL_TRACES_EXPORTER',
  read: (text) => {
    const names = toList(text.toLowerCase());
    if (names.includes('console')) return { value: 'tree' };
    return names.length === 1 && names[0] === 'none' ? { value: 'off' } : undefined;
  },
};

/** OTEL_METRICS_EXPORTER as the switch of metrics. */
export const metricsExporterVariable: Variable = otlpOrNothing('OTEL_METRICS_EXPORTER', ['console', 'prometheus']);

/** OTEL_LOGS_EXPORTER as the switch of logs. */
export const logsExporterVariable: Variable = otlpOrNothing('OTEL_LOGS_EXPORTER', ['console']);

/** The switch of a signal that goes out by OTLP or not at all; `others` are names that the specification knows beside. */
function otlpOrNothing(name: string, others: readonly string[]): Variable {
  return {
    name,
    read: (text) => {
      const names = toList(text.toLowerCase());
      const unsupported = others.filter((other) => names.includes(other)).join(' and ');
      const wrong = names.every((name) => name === 'otlp' || name === 'none')
        ? []
        : [unsupported === '' ? 'expected otlp or none' : `${unsupported} is not supported, expected otlp or none`];
      if (names.includes('otlp')) return { value: true, wrong };
      return { value: names.includes('none') ? false : undefined, wrong };
    },
  };
}
