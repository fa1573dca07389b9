// Called by doctor for --json: the shape that docs/cli.md describes. Names stay as they are once they are published.
import packageJson from '../../../package.json' with { type: 'json' };
import type { Finding } from './cause.ts';
import type { Facts } from './facts.ts';

/** Everything that doctor knows, for a program. */
export function toJson({ command, main, processes, look, nodeVersion }: Facts, findings: readonly Finding[]): object {
  const { config, project, destinations } = look;
  return {
    ok: !findings.some(({ level }) => level === 'fail'),
    node: nodeVersion,
    agent: main?.agent.version ?? packageJson.version,
    command: command === undefined ? null : { text: command.text, ...command.outcome, millis: command.millis },
    process:
      main === undefined
        ? null
        : {
            pid: main.pid,
            entry: main.entry ?? null,
            agent: main.agent.state,
            loadedBy: main.agent.loadedBy ?? null,
            loadedAtMillis: main.agent.loadedAtMillis ?? null,
          },
    processes: processes.map(({ pid, threadId, entry, agent }) => ({
      pid,
      threadId,
      entry: entry ?? null,
      agent: agent.state,
    })),
    project: {
      name: project.name ?? null,
      folder: project.folder,
      framework: project.framework ?? null,
      moduleKind: project.moduleKind,
      packageManager: project.packageManager,
    },
    config: { file: config.file ?? null, issues: config.issues },
    libraries: (main?.libraries ?? []).map(({ name, version, folder, instrumentation, state, reason }) => ({
      name,
      version: version ?? null,
      folder,
      instrumentation,
      state,
      reason: reason ?? null,
    })),
    destinations: destinations.map(({ kind, address, taken, millis, message, code, answer }) => ({
      kind,
      address,
      taken,
      millis,
      message: message ?? null,
      code: code ?? null,
      statusCode: answer?.statusCode ?? null,
    })),
    spans: main === undefined ? null : { ...main.spans, deliveries: main.deliveries },
    findings,
  };
}
