<?php
class M { protected $table = 'posts'; #[Route('/p', methods: ['GET'])] function p($a) { return getenv('PHPX') . $_ENV['PE']; } }
Route::get('/lara', 'C@m');
