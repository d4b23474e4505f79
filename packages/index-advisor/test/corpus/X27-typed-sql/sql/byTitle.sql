-- @param {String} $1:title
SELECT id, title FROM posts WHERE title = $1
