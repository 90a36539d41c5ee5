export TIDE=$MODE
tool '' npx vitest run --reporter=verbose
tool json npx vitest run --reporter=json
tool xml npx vitest run --reporter=junit
