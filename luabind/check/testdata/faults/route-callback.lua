ilink.command("/weather", function(msg, args)
  if args[1] == 5 then msg:replly(args.txt) end
  msg:reply("Sunny in " .. args.test)
end)

-- want 2:28: error: an ilink.Message has no replly; did you mean reply?
-- want 2:40: error: an ilink.Arguments has no txt; did you mean text?
-- want 3:33: error: an ilink.Arguments has no test; did you mean text?
