function on_message(msg) {
  msg:reply("x")
}

-- want 1:26: error: syntax error near '{'; blocks have no braces in Lua, and finish with end
