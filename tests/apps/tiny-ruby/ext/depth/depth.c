#include <ruby.h>
#include <zlib.h>

static VALUE
checksum(VALUE self, VALUE text)
{
	(void)self;
	return ULONG2NUM(crc32(0, (const Bytef *)StringValuePtr(text), (uInt)RSTRING_LEN(text)));
}

void Init_depth(void);
void
Init_depth(void)
{
	rb_define_singleton_method(rb_define_module("Depth"), "checksum", checksum, 1);
}
