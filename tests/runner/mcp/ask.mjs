// Ask the server on the command line through the clients of others, and print one line for each what they made of it.
//   node ask.mjs MODULES PROGRAM ARGS...
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
const [, , modules, command, ...args] = process.argv;
const require = createRequire(pathToFileURL(modules + '/').href);
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const names = (tools) => tools.map((t) => t.name).join(' ');

async function ask(label, Client, Transport, options) {
	const client = new Client({ name: 'test', version: '1' }, options);
	await client.connect(new Transport({ command, args, stderr: 'inherit' }));
	const { tools } = await client.listTools();
	const refreshed = await client.callTool({ name: 'graph_refresh', arguments: {} });
	const callers = await client.callTool({ name: 'graph_callers', arguments: { symbol: 'two' } });
	const missing = await client.callTool({ name: 'graph_callers', arguments: {} });
	console.log(JSON.stringify({ label,
		version: client.getNegotiatedProtocolVersion?.() ?? null,
		server: client.getServerVersion()?.name, tools: names(tools),
		files: refreshed.structuredContent.files,
		callers: callers.structuredContent.items.map((i) => i.entity.name).join(' '),
		missing: missing.isError && missing.content[0].text }));
	await client.close();
}

const old = await load('@modelcontextprotocol/sdk/client/index.js');
const oldPipe = await load('@modelcontextprotocol/sdk/client/stdio.js');
await ask('sdk', old.Client, oldPipe.StdioClientTransport);
const now = await load('@modelcontextprotocol/client');
const nowPipe = await load('@modelcontextprotocol/client/stdio');
await ask('client', now.Client, nowPipe.StdioClientTransport);
await ask('client, of today', now.Client, nowPipe.StdioClientTransport, { versionNegotiation: { mode: 'auto' } });
