<?php

namespace Buoy;

function shout(string $text): string
{
    return mb_strtoupper($text, 'UTF-8');
}
