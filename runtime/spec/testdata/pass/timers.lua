ilink.every("0 3 * * *", function() files.write("night.txt", "quiet") end, { name = "night" })
ilink.every("0 9 * * 1-5", function() ilink.send("boss", "good morning") end)

function on_message(msg)
  local minutes = tonumber(msg.text:match("^remind (%d+)"))
  if not minutes then return msg:reply("hm") end
  local what = msg:ask("Of what?").text
  local timer = ilink.after(minutes * 60, function() msg:reply("Remember: " .. what) end)
  if what == "nothing" then timer:cancel() end
  msg:reply("I will.")
end
