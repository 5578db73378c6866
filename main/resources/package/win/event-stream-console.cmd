@echo off
rem The command line of Event Stream Console: the installed program, without a window.
"%~dp0..\..\Event Stream Console.exe" --disable-gpu --log-level=3 --cli %*
exit /b %ERRORLEVEL%
