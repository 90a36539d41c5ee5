/* fetch: which library does the talking? */
#include <curl/curl.h>
#include <string.h>

int
main(void)
{
	return strstr(curl_version(), "GnuTLS") == NULL;
}
