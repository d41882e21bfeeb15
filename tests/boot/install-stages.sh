# shellcheck shell=sh
# In the installer, beside it: tells the console which step it is at, as its
# log has it, and shows the log where it would ask what to do about an error.
tail -n +1 -f /var/log/syslog | while read -r line; do
    case $line in
    *"Menu item '"*"' selected"*)
        line=${line#*Menu item \'}
        printf '\nSTAGE %s\n' "${line%%\'*}"
        ;;
    *error:* | *"WARNING **"*)
        echo "$line"
        ;;
    *"Configuring '"*"' failed with error code"*)
        tail -n 40 /var/log/syslog
        echo "INSTALL FAILED: $line"
        echo o >/proc/sysrq-trigger
        ;;
    esac
done
