import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

type Value = string | number | boolean | undefined;

/** A span as it came in, with plain attributes. Times in nanoseconds since 1970 UTC. */
export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly failed: boolean;
  readonly resource: Readonly<Record<string, Value>>;
}

interface KeyValue {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: string | number; readonly doubleValue?: number; readonly boolValue?: boolean };
}

interface WireSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly KeyValue[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status?: { readonly code?: number };
}

interface WireRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}

/** A collector that takes OTLP as JSON over HTTP. One that is `silent` takes connections and answers nothing. */
export class OtlpCollector {
  readonly spans: ReceivedSpan[] = [];
  /** Paths that were asked for. */
  readonly requests: string[] = [];
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start({ silent = false } = {}): Promise<OtlpCollector> {
    const server = createServer((request, response) => {
      collector.requests.push(request.url ?? '');
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        if (silent) return;
        collector.#take(JSON.parse(Buffer.concat(chunks).toString()) as WireRequest);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const collector = new OtlpCollector(server);
    return collector;
  }

  named(name: string): ReceivedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => { this.#server.close(resolve); });
  }

  #take({ resourceSpans }: WireRequest): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const told = plain(resource.attributes);
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) this.spans.push(received(span, told));
    }
  }
}

function received(span: WireSpan, resource: ReceivedSpan['resource']): ReceivedSpan {
  return {
    name: span.name, traceId: span.traceId, spanId: span.spanId, parentSpanId: span.parentSpanId,
    startNs: BigInt(span.startTimeUnixNano), endNs: BigInt(span.endTimeUnixNano),
    attributes: plain(span.attributes ?? []), links: span.links ?? [], failed: span.status?.code === 2, resource,
  };
}

function plain(attributes: readonly KeyValue[]): Record<string, Value> {
  return Object.fromEntries(attributes.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) =>
    [key, stringValue ?? (intValue === undefined ? doubleValue ?? boolValue : Number(intValue))]));
}
