<?php
function hear_dues($channel) {
	$channel->basic_consume('dues', '', false);
	$channel->basic_publish($m, 'x', 'dues');
}
