# nothing

---
# here
