tool '' mocha tide.spec.js
tool tap mocha -R tap tide.spec.js
tool json mocha -R json tide.spec.js
tool xml mocha -R xunit tide.spec.js
