from setuptools import setup

setup(name="signalbook", version="0.3", py_modules=["signalbook"], install_requires=["PyYAML"])
