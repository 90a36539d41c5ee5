require 'mkmf'

abort 'zlib is needed' unless have_header('zlib.h') && have_library('z', 'crc32')
create_makefile('depth')
