function on_message(msg)
  local m = msg
  local quote = m.quote
  if quote then m:reply(quote.txet) end
end

-- want 4:31: error: an ilink.Quote has no txet; did you mean text?
