; The console makes itself the program for its links when it starts; an uninstallation takes that back.
!macro customUnInstall
  DeleteRegKey HKCU "Software\Classes\event-stream"
!macroend
