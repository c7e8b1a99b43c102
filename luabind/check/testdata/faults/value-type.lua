-- want 6:46: error: msg:choose: choices is string[], and no text
-- want 7:49: error: http.get: max_bytes is integer, and no text
-- want 8:19: error: ilink.after: run is fun(due: number, data: any), and no text
function on_message(msg)
  -- A list is wanted, and not one argument for each.
  local drink = msg:choose("Tea or coffee?", "tea")
  http.get("https://example.org", { max_bytes = "1 MiB" })
  ilink.after(10, "remind")
  msg:reply(drink or "?")
end
