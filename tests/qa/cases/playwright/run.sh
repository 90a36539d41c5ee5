export CI=1
PLAYWRIGHT_JUNIT_OUTPUT_NAME="$OUT.xml" PLAYWRIGHT_JSON_OUTPUT_NAME="$OUT.json" tool - npx playwright test --workers=1 --retries=1 --reporter=list,junit,json
