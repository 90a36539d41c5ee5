<?php
namespace Shop\Model;
class Item { public function price() { return 2; } }
