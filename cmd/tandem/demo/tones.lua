-- Answers, plays three notes twice, and hangs up. Change it while the switch runs: the next call runs what is here then.
log.info("a call for the demo script", {from = call.from})
call:answer()
call:pause(0.3)
call:play("chime.wav", 2)
