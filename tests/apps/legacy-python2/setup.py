from distutils.core import setup

print "building the tide table"
setup(name="tidetable", version="0.3", py_modules=["tidetable"])
