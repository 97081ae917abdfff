bob: {uid: 1}
