CREATE INDEX `t` ON `Post`(`title`(50) DESC);
ALTER TABLE `Post` ADD INDEX `u` (`title`(50));
DROP INDEX `u` ON `Post`;
