/* qa's parsers on what the tools print: one row a report, with what must come out of it. */
#include "qa/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct report {
	const char *what;
	enum test_format format;
	const char *text;
	int exit_code;
	int passed, failed, skipped;
	const char *failed_name;    /* of the first failed case; NULL: none */
	const char *failed_message; /* part of its message; NULL: any */
};

static const struct report reports[] = {
	{"TAP", FORMAT_TAP,
		"1..3\nok 1 - a\nnot ok 2 - b\n# why it failed\nok 3 - c # SKIP no network\n", 1, 1,
		1, 1, "b", "why it failed"},
	{"TAP, plan at the end, todo", FORMAT_TAP, "ok 1 - a\nnot ok 2 - b # TODO later\n1..2\n", 0,
		1, 0, 1, NULL, NULL},
	{"TAP that ends before its plan", FORMAT_TAP, "1..5\nok 1 - a\n", 0, 1, 1, 0, "make test",
		"ends before"},
	{"TAP that bails out", FORMAT_TAP, "1..2\nok 1 - a\nBail out! no database\n", 1, 1, 1, 0,
		"make test", NULL},
	{"unittest, a dot a case", FORMAT_AUTO,
		"..F.s\n=====\nFAIL: test_x (t.T.test_x)\n-----\nAssertionError\n-----\nRan 5 tests in 0.1s\n\n"
		"FAILED (failures=1, skipped=1)\nbye\n",
		1, 3, 1, 1, "test_x (t.T.test_x)", NULL},
	{"unittest, a dot a case, cut", FORMAT_AUTO, "..\n-----\nRan 2 tests in 0.1s\n", 0, 2, 1, 0,
		"make test", "ends before"},
	{"unittest by a wordy nose", FORMAT_AUTO,
		"nose.loader: DEBUG: load from test/ (None)\ntest_a (t.T.test_a) ... ok\n"
		"nose.suite: DEBUG: Context suite for [] (<class 't.T'>) (140334615965840)\n"
		"test_b (t.T.test_b) ... ok\n\n-----\nRan 2 tests in 0.1s\n\nOK\n",
		0, 2, 0, 0, NULL, NULL},
	{"unittest by a nose that speaks within a case", FORMAT_AUTO,
		"test_a (t.T.test_a) ... ok\ntest_b (t.T.test_b) ... \nnose.proxy: DEBUG: call (None)\nFAIL\n"
		"\n-----\nRan 2 tests in 0.1s\n\nFAILED (failures=1)\n",
		1, 1, 1, 0, "test_b", NULL},
	{"unittest by one that tells it", FORMAT_AUTO,
		"test_a (t.T.test_a) ... ok\ntest_b (t.T.test_b) ... \nnose.proxy: INFO: call (None)\nFAIL\n"
		"\n-----\nRan 2 tests in 0.1s\n\nFAILED (failures=1)\n",
		1, 1, 1, 0, "test_b", NULL},
	{"lines of no framework, in colours", FORMAT_AUTO,
		"#1 parses: \033[0;32mPASSED\033[0;0m\n#2 sends: \033[0;31mFAILED\033[0;0m\n#3 ends: PASSED\n"
		"*** 1 TESTS FAILED ***\n",
		1, 2, 1, 0, "#2 sends", NULL},
	{"lines with their word behind dots", FORMAT_AUTO,
		"rows ... ok\nsinks ... FAIL\nfloats .... ok\nsinks ... FAIL\n", 1, 2, 1, 0,
		"sinks", NULL},
	{"lines with their word in brackets", FORMAT_AUTO,
		"[  OK  ] a.b\n[ FAIL ] a.c\n[ SKIP ] a.d\nRESULT: bad\n", 1, 1, 1, 1, "a.c", NULL},
	{"lines with a time behind their word", FORMAT_AUTO,
		"test init                    ... ok          167 ms\ntest 2 ... FAILED    9 ms\nend: PASSED (0.3 s)\nit took ... 12 ms\n",
		0, 2, 1, 0, NULL, NULL},
	{"lines that say what is wrong behind a colon", FORMAT_AUTO,
		"\tWithin limits\n1d2: OK\n1d2+1: ERROR (return value)\n1d2*2: OK\n4\nlast: FAILED\n",
		0, 2, 2, 0, "1d2+1", NULL},
	{"lines that are not OK", FORMAT_AUTO, "a: OK\nb: NOT OK\nc: OK\nd: not OK (4)\n", 0, 2, 2,
		0, "b", NULL},
	{"lines that leave out what failed, and a sum", FORMAT_AUTO,
		"a: OK\nb: OK\nc: OK\nd differs\n3 of 4 tests passed, 1 failed\n", 0, 3, 1, 0, NULL,
		"1 failed"},
	{"lines whose sum is well", FORMAT_AUTO, "a: OK\nb: OK\nc: OK\n3 tests passed, 0 failed\n",
		0, 3, 0, 0, NULL, NULL},
	{"nor is a log of errors", FORMAT_AUTO,
		"db: ERROR (1)\nnet: ERROR (2)\ndisk: ERROR (3)\nx: ERRORS: OKAY\n", 0, 1, 0, 0,
		NULL, NULL},
	{"two lines are no report", FORMAT_AUTO, "a: PASS\nb: PASS\n", 0, 1, 0, 0, NULL, NULL},
	{"nor is what a build says", FORMAT_AUTO,
		"checking x ... ok\nCompiling y ... ok\nbuilding z ... ok\n", 0, 1, 0, 0, NULL,
		NULL},
	{"nor is prose", FORMAT_AUTO, "all is ok\nit is ok\nthis: ok\nthat: ok\n", 0, 1, 0, 0, NULL,
		NULL},
	{"TAP 14 with sub-tests and YAML", FORMAT_TAP,
		"TAP version 14\n1..3\n# Subtest: tides\n    1..2\n    ok 1 - high\n    not ok 2 - low\n      ---\n"
		"      message: wet feet\n      ...\nnot ok 1 - tides\n# Subtest: waves\n    ok 1 - a\n    1..1\n"
		"not ok 2 - waves\n  ---\n  message: teardown\n  ...\nok 3 - shore\n",
		1, 3, 2, 0, "tides > low", "wet feet"},
	{"TAP that ends in a sub-test", FORMAT_TAP, "1..1\n    ok 1 - high\n", 0, 1, 1, 0,
		"make test", "ends before"},
	{"prove, a signal behind all that passed", FORMAT_PROVE,
		"t/a.t .. \nok 1 - a\n1..1\nAll 1 subtests passed \n\nTest Summary Report\n---\n"
		"t/a.t (Wstat: 11 (Signal: SEGV) Tests: 1 Failed: 0)\nResult: FAIL\n",
		1, 1, 1, 0, "whole file", "SEGV"},
	{"Surefire's XML with flakes and reruns", FORMAT_JUNIT,
		"<testsuite name='T' tests='2' failures='1' errors='0'><testcase name='a' classname='T' time='1,234.5'>"
		"<flakyFailure message='once' type='x'><stackTrace>at</stackTrace><system-out>o</system-out></flakyFailure>"
		"</testcase><testcase name='b' classname='T'><failure message='always'>f</failure>"
		"<rerunFailure message='again'/></testcase></testsuite>",
		1, 1, 1, 0, "b", "always"},
	{"JUnit whose suite counts more than it has", FORMAT_JUNIT,
		"<testsuites><testsuite name='s' tests='3'><testcase name='a'/></testsuite></testsuites>",
		0, 1, 1, 0, "cases that the report lost", "counts 3 cases"},
	{"JUnit whose suite counts failures that it has not", FORMAT_JUNIT,
		"<testsuite name='s' tests='1' errors='1'><testcase name='a'/></testsuite>", 0, 1,
		1, 0, "cases that the report lost", "counts 1 failures"},
	{"JUnit that holds what no XML may", FORMAT_JUNIT,
		"<testsuite><testcase name='a&#27;[0m'><failure message='&#x0;'>\x1b[31m\xff\xc0\x80 red</failure>"
		"</testcase><testcase name='b'/></testsuite>",
		1, 1, 1, 0, "a?[0m", "red"},
	{"JUnit in Latin 1", FORMAT_JUNIT,
		"<?xml version='1.0' encoding='ISO-8859-1'?><testsuite><testcase name='\xe9t\xe9'><failure/></testcase></testsuite>",
		1, 0, 1, 0, "\xc3\xa9t\xc3\xa9", NULL},
	{"JUnit with text behind it", FORMAT_AUTO,
		"> mocha\n<testsuite name='s' tests='1'><testcase name='a'/></testsuite>\nnpm notice\n",
		0, 1, 0, 0, NULL, NULL},
	{"a tool that praises all files in front of mocha, and one that tells how it ended",
		FORMAT_AUTO,
		"\nAll matched files are fine!\n\n  ..!\n\n  2 passing (1s)\n  1 failing\n\n  1) tides\n       rise:\n"
		"     Error: low\n\nERROR: \"test:mocha\" exited with 1.\n",
		1, 2, 1, 0, "case 1, whose name is not printed", NULL},
	{"JUnit of nothing but its declaration", FORMAT_JUNIT, "<?xml version='1.0'?><tests", 0, 0,
		1, 0, "make test", "ends before"},
	{"TRX", FORMAT_AUTO,
		"<TestRun xmlns='http://x'><Results><UnitTestResult testName='N.A.Pass' outcome='Passed' duration='00:00:01.5'/>"
		"<UnitTestResult testName='N.A.Fail' outcome='Failed'><Output><ErrorInfo><Message>not equal</Message></ErrorInfo>"
		"</Output></UnitTestResult><UnitTestResult testName='N.A.Skip' outcome='NotExecuted'/></Results></TestRun>",
		1, 1, 1, 1, "N.A.Fail", "not equal"},
	{"NUnit 3", FORMAT_AUTO,
		"<test-run><test-suite name='S'><test-case name='A' classname='N.C' result='Passed' duration='0.5'/>"
		"<test-case name='B' classname='N.C' result='Failed'><failure><message>low</message><stack-trace>at</stack-trace>"
		"</failure></test-case><test-case name='D' result='Skipped'><reason><message>no</message></reason></test-case>"
		"</test-suite></test-run>",
		1, 1, 1, 1, "B", "low"},
	{"NUnit 2", FORMAT_AUTO,
		"<test-results><test-suite name='S'><results><test-case name='N.A' executed='True' result='Success' time='0.1'/>"
		"<test-case name='N.B' executed='False' result='Ignored'><reason><message>no</message></reason></test-case>"
		"<test-case name='N.C' executed='True' result='Error'><failure><message>boom</message></failure></test-case>"
		"</results></test-suite></test-results>",
		1, 1, 1, 1, "N.C", "boom"},
	{"xUnit 2", FORMAT_AUTO,
		"<assemblies><assembly name='a.dll'><collection name='c'><test name='T.A' type='T' result='Pass' time='0.2'/>"
		"<test name='T.B' type='T' result='Fail'><failure><message>no</message></failure></test>"
		"<test name='T.C' type='T' result='Skip'><reason>r</reason></test></collection></assembly></assemblies>",
		1, 1, 1, 1, "T.B", "no"},
	{"nextest", FORMAT_AUTO,
		"------------\n Nextest run ID 1 with nextest profile: default\n    Starting 4 tests across 1 binary\n"
		"        PASS [   0.005s] tide tests::alpha\n  TRY 1 FAIL [   0.004s] tide tests::beta\n"
		"  TRY 2 PASS [   0.004s] tide tests::beta\n        FAIL [   0.004s] tide tests::gamma\n"
		"     SIGSEGV [   0.004s] tide tests::delta\n------------\n"
		"     Summary [   0.010s] 4 tests run: 2 passed (1 flaky), 2 failed, 0 skipped\n"
		"   FLAKY 2/2 [   0.004s] tide tests::beta\n        FAIL [   0.004s] tide tests::gamma\n",
		100, 2, 2, 0, "tests::gamma", NULL},
	{"Surefire on the console", FORMAT_AUTO,
		"[INFO]  T E S T S\n[INFO] Running x.TideTest\n"
		"[ERROR] Tests run: 3, Failures: 1, Errors: 0, Skipped: 1, Time elapsed: 0.05 s <<< FAILURE! - in x.TideTest\n"
		"[ERROR] x.TideTest.beta  Time elapsed: 0.003 s  <<< FAILURE!\n[INFO] Results:\n"
		"[ERROR] Tests run: 3, Failures: 1, Errors: 0, Skipped: 1\n",
		1, 1, 1, 1, "TideTest.beta", NULL},
	{"JUnit 4 in a terminal", FORMAT_AUTO,
		"JUnit version 4.13.2\n..E.\nTime: 3.209\nThere was 1 failure:\n1) beta(x.TideTest)\n"
		"java.lang.AssertionError: wet feet\n\tat x.TideTest.beta(TideTest.java:61)\n\n"
		"FAILURES!!!\nTests run: 3,  Failures: 1\n\n",
		1, 2, 1, 0, "beta", NULL},
	{"JUnit 3 in a terminal, twice", FORMAT_AUTO,
		".\nTime: 0.01\n\nOK (1 test)\n\n..E\nTime: 0.02\nThere was 1 error:\n"
		"1) beta(x.WaveTest)java.lang.NullPointerException: wet\n\tat x.WaveTest.beta(WaveTest.java:9)\n\n"
		"FAILURES!!!\nTests run: 2,  Failures: 0,  Errors: 1\n\n",
		1, 2, 1, 0, "beta", NULL},
	{"JUnit in a terminal, cut", FORMAT_AUTO,
		".F\nTime: 0.01\nThere was 1 failure:\n1) beta(x.TideTest)\n\nFAILURES!!!\n", 1, 0,
		2, 0, "beta", NULL},
	{"JUnit in a terminal, whose tests print lists", FORMAT_AUTO,
		".1) low(est)\n.E\nTime: 0.01\nThere was 1 failure:\n1) beta(x.TideTest)\n\nFAILURES!!!\n"
		"Tests run: 2,  Failures: 1\n\n.\n1) high(est)\n\nTime: 0.02\n\nOK (1 test)\n",
		1, 2, 1, 0, "beta", NULL},
	{"what only took its time is no report", FORMAT_AUTO, "a\nTime: 3 s\nOK (fine)\n", 0, 1, 0,
		0, NULL, NULL},
	{"Playwright's JSON", FORMAT_AUTO,
		"{\"config\":{},\"suites\":[{\"title\":\"a.spec.js\",\"specs\":[{\"title\":\"s\",\"tests\":[{\"status\":\"flaky\","
		"\"results\":[{\"status\":\"failed\",\"error\":{\"message\":\"once\"}},{\"status\":\"passed\"}]}]}],\"suites\":["
		"{\"title\":\"in\",\"specs\":[{\"title\":\"t\",\"tests\":[{\"status\":\"unexpected\",\"results\":[{\"error\":"
		"{\"message\":\"always\"}}]}]}]}]}],\"errors\":[]}",
		1, 1, 1, 0, "t", "always"},
	{"jest's JSON that is cut", FORMAT_JSON,
		"{\"numFailedTests\":0,\"testResults\":[{\"assertionResults\":[{\"fullName\":\"a\",\"status\":\"passed\"},"
		"{\"fullName\":\"b\",\"sta",
		0, 1, 2, 0, "b", "ends in this case"},
	{"go test -json that panics", FORMAT_GO,
		"{\"Action\":\"run\",\"Package\":\"x.org/a\",\"Test\":\"TestA\"}\n"
		"{\"Action\":\"output\",\"Package\":\"x.org/a\",\"Test\":\"TestA\",\"Output\":\"panic: boom\\n\"}\n"
		"{\"Action\":\"fail\",\"Package\":\"x.org/a\",\"Elapsed\":0.1}\n",
		1, 0, 1, 0, "TestA", "boom"},
	{"pytest with letters", FORMAT_PYTEST,
		"==== test session starts ====\ncollected 3 items\n\ntest_a.py .F.  [100%]\n\n==== FAILURES ====\n"
		"==== short test summary info ====\nFAILED test_a.py::test_b - assert 0\n==== 1 failed, 2 passed in 0.01s ====\n",
		1, 2, 1, 0, "test_b", "assert 0"},
	{"TAP of no test", FORMAT_TAP, "1..0\n", 0, 0, 0, 0, NULL, NULL},
	{"all pass, and the command fails", FORMAT_TAP, "1..1\nok 1 - a\n", 2, 1, 1, 0, "make test",
		"status 2"},
	{"all pass, and a signal ends it", FORMAT_TAP, "1..1\nok 1 - a\n", -1, 1, 1, 0, "make test",
		"signal"},
	{"prove", FORMAT_PROVE,
		"t/a.t .. ok\nt/b.t .. skipped: no DISPLAY\nt/c.t .. Dubious, test returned 2\nResult: FAIL\n",
		1, 1, 1, 1, "whole file", "Dubious"},
	{"prove, verbose: its own verdict is no case", FORMAT_PROVE,
		"t/a.t .. \n1..2\nok 1 - one\nok 2 - two\nok\nt/b.t .. \nok 1 - three\n1..1\nok\nAll tests "
		"successful.\nResult: PASS\n",
		0, 3, 0, 0, NULL, NULL},
	{"automake", FORMAT_AUTOMAKE,
		"PASS: tests/a\nFAIL: tests/b\nSKIP: tests/c\nXFAIL: tests/d\nXPASS: tests/e\nERROR: tests/f\n"
		"============\nTestsuite summary for x 1\n============\n# TOTAL: 6\n",
		2, 2, 3, 1, "tests/b", NULL},
	{"automake with the logs of what failed", FORMAT_AUTOMAKE,
		"PASS: a\nFAIL: b\n====================\n   x 1.0: ./test-suite.log\n====================\n\n"
		"FAIL: b\n=======\n\nPASS: not a case\nboom at line 3\nFAIL b (exit status: 1)\n\n"
		"============\nTestsuite summary for x 1.0\n============\n# TOTAL: 2\n# PASS:  1\n# FAIL:  1\n",
		2, 1, 1, 0, "b", "boom at line 3"},
	{"automake with the TAP driver", FORMAT_AUTOMAKE,
		"PASS: tests/unit 1 - opens\nFAIL: tests/unit 2 - closes\n# TOTAL: 2\n", 1, 1, 1, 0,
		"closes", NULL},
	{"ctest", FORMAT_CTEST,
		"Test project /work/build\n    Start 1: a\n1/2 Test #1: a ................   Passed    0.01 sec\n"
		"    Start 2: b\n2/2 Test #2: b ................***Failed    0.02 sec\n\n50% tests passed, 1 tests "
		"failed out of 2\n",
		8, 1, 1, 0, "b", NULL},
	{"ctest without tests", FORMAT_CTEST, "No tests were found!!!\n", 8, 0, 0, 0, NULL, NULL},
	{"pytest", FORMAT_PYTEST,
		"===== test session starts =====\ncollected 4 items\n\ntests/test_a.py::test_one PASSED [ 25%]\n"
		"tests/test_a.py::test_two[1-x] FAILED [ 50%]\ntests/test_a.py::test_three SKIPPED (no) [ 75%]\n"
		"tests/test_a.py::test_four XFAIL [100%]\n\n==== short test summary info ====\n"
		"FAILED tests/test_a.py::test_two[1-x] - assert 1 == 2\n==== 1 failed, 1 passed in 0.1s ====\n",
		1, 2, 1, 1, "test_two[1-x]", "assert 1 == 2"},
	{"pytest that collected nothing", FORMAT_PYTEST,
		"===== test session starts =====\ncollected 0 items\n\n===== no tests ran in 0.01s =====\n",
		5, 0, 0, 0, NULL, NULL},
	{"unittest", FORMAT_UNITTEST,
		"test_a (tests.test_x.Case.test_a) ... ok\ntest_b (tests.test_x.Case.test_b) ... FAIL\n"
		"test_c (tests.test_x.Case.test_c) ... skipped 'no'\n\nRan 3 tests in 0.1s\n\nFAILED\n",
		1, 1, 1, 1, "test_b", NULL},
	{"meson", FORMAT_MESON,
		"1/3 one            OK      0.01s\n2/3 suite / two    FAIL    0.02s   exit status 1\n3/3 three   SKIP "
		"0.0s\n\nOk:                 1   \nFail:               1   \n",
		1, 1, 1, 1, "suite / two", NULL},
	{"node --test", FORMAT_NODE,
		"TAP version 13\n# Subtest: sails\nok 1 - sails\n  ---\n  duration_ms: 0.6\n  ...\n# Subtest: sinks\n"
		"not ok 2 - sinks\n  ---\n  error: 'wet'\n  ...\n1..2\n# tests 2\n# pass 1\n# fail 1\n",
		1, 1, 1, 0, "sinks", NULL},
	{"go test -v", FORMAT_GO,
		"=== RUN   TestA\n--- PASS: TestA (0.01s)\n=== RUN   TestB\n=== RUN   TestB/one\n"
		"    b_test.go:7: got 1, want 2\n--- FAIL: TestB (0.00s)\n    --- FAIL: TestB/one (0.00s)\n"
		"=== RUN   TestC\n    c_test.go:3: no network\n--- SKIP: TestC (0.00s)\nFAIL\nexit status 1\n"
		"FAIL\tx.org/a\t0.013s\n=== RUN   TestD\n--- PASS: TestD (0.00s)\nPASS\nok  \tx.org/b\t0.1s\n"
		"?   \tx.org/c\t[no test files]\n",
		1, 2, 2, 1, "TestB", "got 1, want 2"},
	{"go test that does not compile", FORMAT_GO,
		"# x.org/a\na/a.go:3:2: undefined: y\nFAIL\tx.org/a [build failed]\nok  \tx.org/b\t0.1s\nFAIL\n",
		2, 1, 1, 0, "package", "build failed"},
	{"go test that panics", FORMAT_GO,
		"=== RUN   TestA\npanic: boom\n\ngoroutine 1 [running]:\nFAIL\tx.org/a\t0.013s\nFAIL\n",
		1, 0, 1, 0, "TestA", "boom"},
	{"go test without tests", FORMAT_AUTO, "?   \tx.org/c\t[no test files]\n", 0, 0, 0, 0, NULL,
		NULL},
	{"go test that ends in the middle", FORMAT_GO,
		"=== RUN   TestA\n--- PASS: TestA (0.01s)\n=== RUN   TestB\n", 2, 1, 2, 0, "TestB",
		"ends in this case"},
	{"cargo test", FORMAT_CARGO,
		"     Running unittests src/lib.rs (target/debug/deps/a-0a1)\n\nrunning 3 tests\n"
		"test tests::one ... noise ok\ntest tests::two ... FAILED\ntest tests::three ... ignored, slow\n\n"
		"failures:\n\n---- tests::two stdout ----\nthread 'tests::two' panicked at 'left == right'\n\n\n"
		"failures:\n    tests::two\n\ntest result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out\n\n"
		"   Doc-tests a\n\nrunning 1 test\ntest src/lib.rs - f (line 5) ... ok\n\n"
		"test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured\n",
		101, 2, 1, 1, "tests::two", "left == right"},
	{"cargo test of no test", FORMAT_AUTO,
		"\nrunning 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured\n",
		0, 0, 0, 0, NULL, NULL},
	{"cargo test that is cut", FORMAT_CARGO, "\nrunning 2 tests\ntest a ... ok\n", 101, 1, 1, 0,
		"make test", "ends before"},
	{"minitest", FORMAT_MINITEST,
		"# Running:\n\nTideTest#test_high = 0.06 s = .\nTideTest#test_low = 0.00 s = F\n"
		"TideTest#test_none = 0.00 s = S\n\n  1) Failure:\nTideTest#test_low [t.rb:7]:\nExpected: 1\n  Actual: 2\n\n"
		"3 runs, 2 assertions, 1 failures, 0 errors, 1 skips\n",
		1, 1, 1, 1, "test_low", "Expected: 1"},
	{"test-unit", FORMAT_MINITEST,
		"Loaded suite -e\nStarted\nTestTide: \n  test_high:\t\t.: (0.000073)\n  test_low:\t\tF\n"
		"=====\nFailure: test_low(TestTide)\n/work/t.rb:7:in `test_low'\n<1> expected but was\n<2>\n=====\n"
		": (0.013268)\n  test_none:\t\tO\n=====\nOmission: no [test_none(TestTide)]\n=====\n: (0.001)\n\n"
		"3 tests, 2 assertions, 1 failures, 0 errors, 0 pendings, 1 omissions, 0 notifications\n",
		1, 1, 1, 1, "test_low", "<1> expected"},
	{"minitest of no test", FORMAT_MINITEST,
		"# Running:\n\n\n0 runs, 0 assertions, 0 failures, 0 errors, 0 skips\n", 0, 0, 0, 0,
		NULL, NULL},
	{"minitest that ends in the middle", FORMAT_MINITEST,
		"# Running:\n\nA#test_a = 0.06 s = .\n", 1, 1, 1, 0, "make test", "ends before"},
	{"rspec", FORMAT_RSPEC,
		"noise\n{\"version\":\"3.12.0\",\"examples\":[{\"full_description\":\"A is\",\"status\":\"passed\","
		"\"file_path\":\"./spec/a_spec.rb\",\"run_time\":0.1},{\"full_description\":\"A b\",\"status\":\"failed\","
		"\"exception\":{\"message\":\"expected 1\"}},{\"full_description\":\"A c\",\"status\":\"pending\"}],"
		"\"summary\":{\"errors_outside_of_examples_count\":0},\"summary_line\":\"\"}\n",
		1, 1, 1, 1, "A b", "expected 1"},
	{"tcltest", FORMAT_TCLTEST,
		"a.test\n++++ a-1.1 PASSED\n++++ a-1.2 SKIPPED: unix\n\n==== a-1.3 opens the lock FAILED\n"
		"==== Contents of test case:\n\n    open\n\n---- Result was:\n1\n---- Result should have been (exact matching):\n"
		"2\n==== a-1.3 FAILED\n\nall.tcl:\tTotal\t3\tPassed\t1\tSkipped\t1\tFailed\t1\nSourced 1 Test Files.\n",
		0, 1, 1, 1, "a-1.3", "Result was:"},
	{"tcltest that only sums up", FORMAT_AUTO,
		"a.test\na.test:\tTotal\t2\tPassed\t2\tSkipped\t0\tFailed\t0\nb.test\n"
		"b.test:\tTotal\t3\tPassed\t2\tSkipped\t1\tFailed\t0\n",
		0, 4, 0, 1, NULL, NULL},
	{"tcltest of no test", FORMAT_TCLTEST,
		"all.tcl:\tTotal\t0\tPassed\t0\tSkipped\t0\tFailed\t0\n", 0, 0, 0, 0, NULL, NULL},
	{"mocha", FORMAT_AUTO,
		"\n> x@1.0.0 test\n> mocha\n\n\n  Router\n    .use\n      \xe2\x9c\x94 mounts (38ms)\n"
		"      \xe2\x9c\x93 works (or not)\n      - later\n      1) breaks\n\n\n  2 passing (15s)\n  1 pending\n"
		"  1 failing\n\n  1) Router\n       .use\n         breaks:\n     Error: no\n      - expected\n",
		1, 2, 1, 1, "breaks", NULL},
	{"mocha with dots", FORMAT_AUTO,
		"\n  \xe2\x80\xa4\xe2\x80\xa4\xe2\x80\xa4\n\n  3 passing (4ms)\n", 0, 3, 0, 0, NULL,
		NULL},
	{"mocha twice in one command", FORMAT_AUTO,
		"  a\n    \xe2\x9c\x94 one\n\n  1 passing (2ms)\n\n  b\n    \xe2\x9c\x94 two\n\n  1 passing (2ms)\n",
		0, 2, 0, 0, NULL, NULL},
	{"mocha that found nothing", FORMAT_AUTO, "\n\n  0 passing (1ms)\n\n", 0, 0, 0, 0, NULL,
		NULL},
	{"jest, one line a case", FORMAT_AUTO,
		"FAIL test/a.test.js (5.1 s)\n  sum\n    \xe2\x9c\x93 adds (2 ms)\n    \xe2\x9c\x95 carries\n"
		"    \xe2\x97\x8b skipped later\n\n  \xe2\x97\x8f sum \xe2\x80\xba carries\n\n    expect(1).toBe(2)\n"
		"      - Expected\n\nTest Suites: 1 failed, 1 total\nTests:       1 failed, 1 skipped, 1 passed, 3 total\n",
		1, 1, 1, 1, "carries", NULL},
	{"jest, one line a file", FORMAT_AUTO,
		"PASS test/a.test.js\nFAIL test/b.test.js\n  \xe2\x97\x8f b \xe2\x80\xba sinks\n\n    boom\n\n"
		"Summary of all failing tests\nFAIL test/b.test.js\n  \xe2\x97\x8f b \xe2\x80\xba sinks\n\n"
		"Tests:       1 failed, 6 passed, 7 total\n",
		1, 6, 1, 0, "sinks", NULL},
	{"JUnit", FORMAT_JUNIT,
		"<?xml version='1.0'?><testsuites><testsuite name='s'><testcase classname='c' name='a' time='0.5'/>"
		"<testcase name='b'><failure message='bad &lt;thing&gt;'>trace</failure></testcase>"
		"<testcase name='c'><skipped/></testcase><testcase name='d'><error/></testcase></testsuite></testsuites>",
		1, 1, 2, 1, "b", "bad <thing>"},
	{"JUnit cut short", FORMAT_JUNIT,
		"<testsuite name='s'><testcase name='a'/><testcase name='b'>", 0, 1, 2, 0, "b",
		"ends in this case"},
	{"JUnit with an entity bomb", FORMAT_JUNIT,
		"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]><testsuite><testcase name='&b;'/>",
		0, 0, -1, 0, NULL, NULL},
	{"no report, status 0", FORMAT_AUTO, "all is well\n", 0, 1, 0, 0, NULL, NULL},
	{"no report, status 3", FORMAT_AUTO, "oops\n", 3, 0, 1, 0, "make test", "exit status 3"},
	{"found by itself: pytest", FORMAT_AUTO,
		"===== test session starts =====\nt.py::test_one PASSED [100%]\n==== 1 passed in 0.1s ====\n",
		0, 1, 0, 0, NULL, NULL},
	{"make that did nothing", FORMAT_AUTOMAKE,
		"make  \nmake[1]: Entering directory '/work'\nmake[1]: Nothing to be done for 'all'.\n",
		0, 0, 0, 0, NULL, NULL},
	{"make that went through directories and did nothing", FORMAT_AUTO,
		"Making check in po\nmake[1]: Entering directory '/work/po'\n"
		"make[1]: Nothing to be done for 'check'.\n",
		0, 0, 0, 0, NULL, NULL},
	{"by exit status, whatever it prints", FORMAT_EXIT, "1..1\nnot ok 1 - x\n", 0, 1, 0, 0,
		NULL, NULL},
};
#define N_REPORTS (sizeof(reports) / sizeof(*reports))

static struct test_run
parse(enum test_format format, struct str text, int exit_code)
{
	struct test_run run = {0};
	char run_text[] = "make test";
	const struct command c = {.run = run_text, .level = LEVEL_UNIT, .format = format};
	parse_report(text, exit_code, &c, &run);
	return run;
}

static const struct test_case *
first_failed(const struct test_run *t)
{
	for (size_t i = 0; i < t->cases.n; i++)
		if (t->cases.v[i].status == TEST_FAILED || t->cases.v[i].status == TEST_ERROR)
			return &t->cases.v[i];
	return NULL;
}

static void
check(const struct report *r)
{
	struct test_run t = parse(r->format, str_of(r->text), r->exit_code);
	const struct test_case *bad = first_failed(&t);
	if (t.passed != r->passed || (r->failed >= 0 && t.failed != r->failed) ||
		t.skipped != r->skipped)
		fail_msg("%s: %lld passed, %lld failed, %lld skipped; wanted %d, %d, %d", r->what,
			(long long)t.passed, (long long)t.failed, (long long)t.skipped, r->passed,
			r->failed, r->skipped);
	if (r->failed_name && (!bad || strcmp(bad->name, r->failed_name) != 0))
		fail_msg("%s: the failed case is \"%s\"", r->what, bad ? bad->name : "none");
	if (r->failed_message && (!bad->message || !strstr(bad->message, r->failed_message)))
		fail_msg(
			"%s: its message is \"%s\"", r->what, bad->message ? bad->message : "none");
	test_run_cleanup(&t);
}

static void
reports_are_counted_case_by_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_REPORTS; i++)
		check(&reports[i]);
}

/* Of the first case. */
static const struct {
	enum test_format format;
	const char *text;
	double ms;
} times[] = {
	{FORMAT_CTEST,
		"1/1 Test #1: a ....   Passed    0.01 sec\n100% tests passed, 0 tests failed out of 1\n",
		10},
	{FORMAT_MESON, "1/2 one   OK      0.02s\n2/2 two  FAIL  1.5s   exit status 1\n\nOk:   1\n",
		20},
	{FORMAT_MESON, "1/1 two  FAIL  1.5s   exit status 1\n\nOk:   0\n", 1500},
	{FORMAT_NODE,
		"TAP version 13\nok 1 - sails\n  ---\n  duration_ms: 0.6\n  ...\n1..1\n# tests 1\n# fail 0\n",
		0.6},
	{FORMAT_NODE, "\xe2\x9c\x94 sails (1.25ms)\n\xe2\x84\xb9 tests 1\n", 1.25},
	{FORMAT_TAP, "1..1\nok 1 - a # time=12.5ms\n", 12.5},
	{FORMAT_PROVE, "t/a.t .. ok       12 ms ( 0.01 usr  0.00 sys )\nResult: PASS\n", 12},
	{FORMAT_MOCHA, "  a\n    \xe2\x9c\x94 one (38ms)\n\n  1 passing (2ms)\n", 38},
	{FORMAT_JEST,
		"PASS a.test.js\n    \xe2\x9c\x93 adds (2 ms)\nTests:       1 passed, 1 total\n",
		2},
	{FORMAT_JUNIT, "<testsuite name='s'><testcase name='a' time='0.5'/></testsuite>", 500},
	{FORMAT_TAP, "1..1\nok 1 - a (2 of them)\n", -1},
	{FORMAT_AUTOMAKE, "PASS: a\n# TOTAL: 1\n", -1},
};

static void
times_are_kept_where_a_report_tells_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		struct test_run t = parse(times[i].format, str_of(times[i].text), 0);
		if (!t.cases.n || t.cases.v[0].ms < times[i].ms - 1e-6 ||
			t.cases.v[0].ms > times[i].ms + 1e-6)
			fail_msg("%s, row %zu: %f ms; wanted %f",
				test_format_names[times[i].format], i,
				t.cases.n ? t.cases.v[0].ms : -2, times[i].ms);
		test_run_cleanup(&t);
	}
}

static void
pytest_cases_have_the_same_names_in_its_xml(void **state)
{
	(void)state;
	struct test_run t = parse(FORMAT_JUNIT,
		STR("<testsuite name='pytest'><testcase classname='tests.test_a.TestX' "
		    "file='tests/test_a.py' name='test_b' time='0.1'><failure message='AssertionError: "
		    "assert 1'>trace</failure></testcase><testcase classname='tests.test_a' "
		    "file='tests/test_a.py' name='test_c'><skipped type='pytest.xfail'/></testcase></testsuite>"),
		1);
	assert_string_equal(t.cases.v[0].id, "tests/test_a.py/TestX::test_b");
	assert_string_equal(t.cases.v[1].id, "tests/test_a.py/test_c");
	assert_int_equal(t.passed, 1);
	test_run_cleanup(&t);
}

static void
a_report_that_was_cut_keeps_its_cases(void **state)
{
	(void)state;
	struct test_run t = parse(FORMAT_AUTO, STR("ok 1 - a\nok 2 - b\n"), -1);
	assert_int_equal(t.passed, 2);
	assert_null(t.note);
	test_run_cleanup(&t);
	t = parse(FORMAT_AUTO, STR("ok 1 - a\nok 2 - b\n"), 0);
	assert_int_equal(t.cases.n, 1); /* nothing but its exit status */
	assert_true(t.by_exit_status);
	test_run_cleanup(&t);
}

/* Of scripts that count, print and end: what they say is more than their exit status. */
static void
a_sum_that_tells_of_failures_is_no_pass(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool passes;
	} sums[] = {{"Test 1: x\n  TEST OK\nTests 29 failed 0\n", true},
		{"Tests 29 failed 3\n", false}, {"29 passed, 0 failed\n", true},
		{"28 passed, 1 failed\n\ndone\n", false}, {"0 tests failed out of 29\n", true},
		{"2 tests failed out of 29\n", false},
		{"Total: 29 passed, 0 failed, 3 skipped\n", true},
		{"Total: 29 passed, 2 failed, 0 skipped\n", false},
		{"Passed: 29 Failed: 0\n", true}, {"Passed: 29 Failed: 1\n", false},
		{"29 ok 0 failed 3 skipped\n", true}, {"checks the case in which 2 fail\n", true},
		{"Ran 9 tests, 2 expected failures\n", true},
		{"Ran 9 tests, 2 unexpected failures\n", false},
		{"2 failed\n", true}, /* of what? */
		{"1 test failed, as it has to\na\nb\nc\nd\n", true}, {"all tests passed\n", true},
		{"     [java] OK (7 tests)\n     [java] Java Result: 1\n\nBUILD SUCCESSFUL\na\nb\nc\n",
			false},
		{"     [java] Java Result: 0\n", true}};
	for (size_t i = 0; i < sizeof(sums) / sizeof(*sums); i++) {
		struct test_run t = parse(FORMAT_AUTO, str_of(sums[i].text), 0);
		if (t.passed != sums[i].passes || t.failed == sums[i].passes)
			fail_msg("%s", sums[i].text);
		test_run_cleanup(&t);
	}
}

static void
nothing_executed_is_never_a_pass(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"1..0\n", "No tests were found!!!\n", "1..0 # SKIP all\n", ""};
	for (size_t i = 0; i < 3; i++) {
		struct test_run t = parse(FORMAT_AUTO, str_of(texts[i]), 0);
		assert_int_equal(t.passed, 0);
		assert_non_null(t.note);
		test_run_cleanup(&t);
	}
}

static void
ids_are_unique_and_text_is_valid(void **state)
{
	(void)state;
	struct test_run t =
		parse(FORMAT_TAP, STR("1..3\nok 1 - same\nok 2 - same\nok 3 - \xff\x1b[31m\n"), 0);
	assert_int_equal(t.cases.n, 3);
	assert_string_not_equal(t.cases.v[0].id, t.cases.v[1].id);
	assert_null(strchr(t.cases.v[2].name, '\x1b'));
	assert_null(strchr(t.cases.v[2].name, '\xff'));
	test_run_cleanup(&t);
}

static void
a_flake_is_no_plain_pass(void **state)
{
	(void)state;
	struct test_run t = parse(FORMAT_JUNIT,
		STR("<testsuite><testcase name='a'><flakyFailure message='once'/></testcase>"
		    "<testcase name='b'/></testsuite>"),
		0);
	assert_int_equal(t.passed, 2);
	assert_true(t.cases.v[0].flaky);
	assert_string_equal(t.cases.v[0].message, "once");
	assert_false(t.cases.v[1].flaky);
	test_run_cleanup(&t);
}

/* Lines of ten megabytes, NULs, bytes that are no UTF-8, overrides of direction; in front of every report. */
static void
hostile_text_is_bounded(void **state)
{
	(void)state;
	static const char junk[] =
		"ok \0 \xff\xfe \xe2\x80\xae [ RUN      ] x (y) ... \x1b[2J {\"a\":[[[[ <a><b> .py:: PASS ";
	OWN(buf) struct buf text = {0};
	while (text.n < (10 << 20))
		buf_add(&text, junk, sizeof(junk) - 1);
	buf_putc(&text, '\n');
	size_t n = text.n;
	for (int format = FORMAT_AUTO; test_format_names[format]; format++) {
		text.n = n;
		buf_puts(&text, "\n\xe2\x80\xaename\n1..1\nok 1 - \xe2\x80\xaename\n");
		struct test_run t = parse((enum test_format)format, buf_str(&text), 1);
		assert_true(t.failed > 0);
		for (size_t i = 0; i < t.cases.n; i++) {
			assert_true(strlen(t.cases.v[i].name) <= 1000);
			assert_null(strstr(t.cases.v[i].name, "\xe2\x80\xae"));
			assert_true(!t.cases.v[i].message ||
				    strlen(t.cases.v[i].message) <= 4 * PARSE_MAX_MESSAGE);
		}
		test_run_cleanup(&t);
	}
}

/* Every report cut at every place, and with bytes exchanged: any result, but one that is whole. */
static void
damaged_reports_do_no_harm(void **state)
{
	(void)state;
	uint32_t seed = 7;
	for (size_t i = 0; i < N_REPORTS; i++) {
		size_t n = strlen(reports[i].text);
		for (size_t cut = 0; cut <= n; cut++) {
			OWN(buf) struct buf text = {0};
			buf_add(&text, reports[i].text, cut);
			for (int k = 0; k < 3 && cut; k++) {
				seed = seed * 1664525 + 1013904223;
				text.p[(seed >> 8) % cut] = (char)(seed >> 24);
			}
			struct test_run t = parse(reports[i].format, buf_str(&text), 0);
			assert_true(t.passed >= 0 && t.failed >= 0 && t.skipped >= 0);
			assert_true((size_t)(t.passed + t.failed + t.skipped) == t.cases.n);
			test_run_cleanup(&t);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_are_counted_case_by_case),
		cmocka_unit_test(times_are_kept_where_a_report_tells_them),
		cmocka_unit_test(pytest_cases_have_the_same_names_in_its_xml),
		cmocka_unit_test(a_report_that_was_cut_keeps_its_cases),
		cmocka_unit_test(nothing_executed_is_never_a_pass),
		cmocka_unit_test(a_sum_that_tells_of_failures_is_no_pass),
		cmocka_unit_test(ids_are_unique_and_text_is_valid),
		cmocka_unit_test(a_flake_is_no_plain_pass),
		cmocka_unit_test(hostile_text_is_bounded),
		cmocka_unit_test(damaged_reports_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
