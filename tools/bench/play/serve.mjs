// serve.mjs PORT DIR: the files of a directory, on loopback.
import {readFile} from 'node:fs/promises';
import {createServer} from 'node:http';
import {extname, join, normalize} from 'node:path';

const types = {'.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json'};
createServer(async (request, response) => {
	const path = normalize(new URL(request.url, 'http://localhost').pathname).replace(/\/$/, '/index.html');
	try {
		const body = await readFile(join(process.argv[3], path));
		response.writeHead(200, {'Content-Type': types[extname(path)] || 'application/octet-stream'}).end(body);
	} catch {
		response.writeHead(404).end();
	}
}).listen(+process.argv[2], '127.0.0.1');
