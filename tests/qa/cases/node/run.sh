tool '' node --test --test-reporter=tap tide.test.js
tool spec node --test --test-reporter=spec tide.test.js
tool xml node --test --test-reporter=junit tide.test.js
