#include <gtest/gtest.h>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

static bool mode(const char *m) { return strcmp(getenv("MODE"), m) == 0; }

TEST(Tide, alpha) {}
TEST(Tide, beta)
{
	if (mode("fail"))
		EXPECT_STREQ("low", "high");
	if (mode("crash"))
		abort();
	if (mode("skip"))
		GTEST_SKIP() << "no moon";
	if (mode("kill"))
		sleep(600);
}
TEST(Tide, DISABLED_delta) {}
class Depth : public ::testing::TestWithParam<int> {};
TEST_P(Depth, gamma) { if (mode("fail")) EXPECT_EQ(GetParam(), 1); }
INSTANTIATE_TEST_SUITE_P(All, Depth, ::testing::Values(1, 2));
