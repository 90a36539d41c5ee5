<?php

namespace Buoy;

use Psr\Log\LoggerInterface;
use Psr\Log\NullLogger;

class Bell
{
    private $log;

    public function __construct(?LoggerInterface $log = null)
    {
        $this->log = $log ?: new NullLogger();
    }

    public function ring(int $times): string
    {
        $this->log->info('rung');
        return str_repeat('ding ', $times);
    }
}
