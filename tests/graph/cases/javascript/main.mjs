import { used as u } from './lib/util.js';
import * as util from './lib/util.js';
import fs from 'fs';

class Animal {
  speak() { return this.name(); }
  name() { return 'x'; }
}
class Dog extends Animal {
  constructor() { super(); this.bark(); }
  bark() { return u(1); }
}
function main() {
  const d = new Dog();
  d.speak();
  util.arrow(2);
  fs.used();
  notThere();
}
main();
