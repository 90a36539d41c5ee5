<?php
namespace Shop;
class Base { public function count() { return 0; } }
