-- Answers "ping" with "pong" and repeats everything else.
--
-- Try it:  go run . dev scripts/echo.lua, and type ping.
-- Change:  the texts. Save the file, and the next message meets the new ones.

function on_message(msg)
  if msg.text == "ping" then
    return msg:reply("pong")
  end
  if msg.kind == "text" or msg.kind == "voice" then
    msg:reply("You said: " .. msg.text)
  else
    msg:reply("That is a nice " .. msg.kind .. ".")
  end
end
