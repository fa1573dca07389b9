// Used by the probe: follows the agent's start on its channel, and puts counters in front of its parts.
import { subscribe } from 'node:diagnostics_channel';
import { AGENT_CHANNEL, type AgentStep } from '../../announce.ts';
import { isDisabledByEnv } from '../../config/read-env.ts';
import type { SeenLibrary } from '../../instrumentations/libraries/library.ts';
import { toErrorText } from '../../log/log.ts';
import { isSupportedNode } from '../../node-version.ts';
import { type Redactor, createRedactor } from '../../redaction/create-redactor.ts';
import { countDeliveries } from './count-deliveries.ts';
import { countSpans } from './count-spans.ts';
import { readRegisteredApi } from './registered-api.ts';
import type { AgentReport, DeliveryCounts, ProcessReport } from './report.ts';

/** What the preload leaves in the process. */
const LOADED = Symbol.for('@tracing/agent');

export interface AgentNotes {
  report(
    loadedBy: AgentReport['loadedBy'],
  ): Pick<ProcessReport, 'agent' | 'libraries' | 'registeredApi' | 'spans' | 'deliveries'>;
}

export interface AgentEvents {
  readonly onConfigured: () => void;
  readonly onRunning: () => void;
}

/** Notes what the agent says of itself. */
export function watchAgent({ onConfigured, onRunning }: AgentEvents): AgentNotes {
  let state: AgentReport['state'] = isDisabledByEnv() ? 'disabled by variable' : 'absent';
  let facts: Partial<AgentReport> = {};
  let redactor: Pick<Redactor, 'redact'> = createRedactor();
  let seen = (): readonly SeenLibrary[] => [];
  let deliveries = (): readonly DeliveryCounts[] => [];
  const spans = countSpans();

  function follow(message: AgentStep): void {
    switch (message.step) {
      case 'configured': {
        state = 'starting';
        facts = { ...facts, version: message.version, loadedAtMillis: Math.round(performance.now()) };
        return onConfigured();
      }
      case 'standing aside': {
        state = 'standing aside';
        const error = message.error === undefined ? undefined : redactor.redact(toErrorText(message.error), 'string');
        facts = { ...facts, reason: message.reason, ...(error !== undefined && { error }) };
        return;
      }
      case 'sending': {
        facts = { ...facts, hasConsole: message.hasConsole };
        deliveries = countDeliveries(message.destinations, (text) => redactor.redact(text, 'string'));
        return;
      }
      case 'watching': {
        ({ redactor } = message.tools);
        return spans.ofAgent(message.tools);
      }
      case 'running': {
        state = 'running';
        seen = message.seenLibraries;
        spans.ofLibraries();
        return onRunning();
      }
    }
  }

  subscribe(AGENT_CHANNEL, (message) => follow(message as AgentStep));
  return {
    report: (loadedBy) => ({
      agent: {
        // The preload was there, but what it loads has said nothing.
        ...(state === 'absent' && LOADED in process && isSupportedNode(process.versions.node)
          ? ({ state: 'standing aside', reason: 'failed' } as const)
          : { state, reason: facts.reason }),
        loadedBy,
        error: facts.error,
        version: facts.version,
        loadedAtMillis: facts.loadedAtMillis,
        hasConsole: facts.hasConsole,
      },
      libraries: seen(),
      registeredApi: readRegisteredApi(),
      spans: spans.report(),
      deliveries: deliveries(),
    }),
  };
}
