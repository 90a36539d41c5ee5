<?php
$berths = array('North' => 12, 'South' => 30);
