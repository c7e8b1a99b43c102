-- want 4:14: error: the file isn't in UTF-8 from here on: save it as UTF-8 in your editor, or write bytes as \255
function on_message(msg)
  msg:reply("ï¿½ ä½ å¥½")
  msg:reply("ÄãºÃ")
end
